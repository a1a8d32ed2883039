// Small helpers; every page works for reading without them.
"use strict";
(() => {
  const token = document.querySelector('meta[name="csrf"]')?.content || "";
  document.addEventListener("htmx:configRequest", (event) => { event.detail.headers["X-CSRF-Token"] = token; });

  document.addEventListener("submit", (event) => {
    const question = event.submitter?.dataset.confirm || event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // Keyboard: rows with data-row are a list; data-act links or buttons inside answer to a key.
  let current = -1;
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const select = (index) => {
    const list = rows();
    if (!list.length) return;
    list[current]?.removeAttribute("aria-selected");
    current = Math.max(0, Math.min(index, list.length - 1));
    list[current].setAttribute("aria-selected", "true");
    list[current].scrollIntoView({ block: "nearest" });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable) return;
    const row = rows()[current];
    switch (event.key) {
      case "j": select(current + 1); break;
      case "k": select(current - 1); break;
      case "Enter": if (row && event.target === document.body) row.querySelector("a")?.click(); break;
      case "a": row?.querySelector('[data-act="claim"]')?.click(); break;
      case "e": row?.querySelector('[data-act="false"]')?.click(); break;
      case "/": event.preventDefault(); document.getElementById("q-top")?.focus(); break;
      case "?": document.getElementById("keys")?.showModal(); break;
    }
  });
})();

// A passage that is selected in a document fills the form below it; positions count code points, as the server does.
(() => {
  const whole = document.getElementById("doc-text"), form = document.getElementById("selection");
  if (!whole || !form) return;
  document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    if (!chosen || chosen.isCollapsed || !whole.contains(chosen.anchorNode) || !whole.contains(chosen.focusNode)) return;
    const range = chosen.getRangeAt(0), before = range.cloneRange();
    before.selectNodeContents(whole); before.setEnd(range.startContainer, range.startOffset);
    const start = [...before.toString()].length, words = range.toString();
    form.elements.text.value = words; form.elements.start.value = start; form.elements.end.value = start + [...words].length;
  });
})();

// Live: the number of alerts to acknowledge beside its column, and, where a person asked for it, a notice or a quiet tone.
(() => {
  const links = document.querySelectorAll('.side a[href="/alerts"], .side a[href="/"]');
  if (!links.length || !window.EventSource || location.pathname === "/password") return;
  const wants = (what) => localStorage.getItem(`huiyin.${what}`) === "on";
  const LEVELS = ["蓝色", "黄色", "橙色", "红色"];
  let audio = null;
  const tone = () => {
    audio = audio || new AudioContext();
    const now = audio.currentTime, sound = audio.createOscillator(), volume = audio.createGain();
    sound.frequency.value = 660;
    volume.gain.setValueAtTime(0.06, now);
    volume.gain.exponentialRampToValueAtTime(0.0001, now + 0.5);
    sound.connect(volume).connect(audio.destination);
    sound.start(now); sound.stop(now + 0.5);
  };
  const show = (counts) => {
    for (const link of links) {
      const badge = link.querySelector(".badge") || link.appendChild(Object.assign(document.createElement("span"), { className: "badge" }));
      badge.hidden = !counts.alerts;
      badge.textContent = counts.alerts > 99 ? "99+" : String(counts.alerts);
      badge.setAttribute("aria-label", `${counts.alerts} 条预警待确认`);
    }
  };
  // The words stay general: a notice can be read by anybody who sees the screen.
  const tell = (counts) => {
    const before = Number(localStorage.getItem("huiyin.newest"));
    if (counts.newest === before) return;
    localStorage.setItem("huiyin.newest", String(counts.newest));
    if (!before || counts.newest < before || !counts.alerts) return;
    if (wants("notify") && window.Notification?.permission === "granted") {
      const notice = new Notification("回音：有新的预警", { body: `待确认 ${counts.alerts} 条，最高${LEVELS[counts.level]}`, tag: "huiyin-alert" });
      notice.onclick = () => { window.focus(); location.href = "/alerts"; };
    }
    if (wants("sound")) tone();
  };
  const channel = window.BroadcastChannel ? new BroadcastChannel("huiyin-live") : null;
  if (channel) channel.onmessage = (event) => show(event.data);
  const listen = () => {
    const source = new EventSource("/events");
    source.addEventListener("counts", (event) => {
      const counts = JSON.parse(event.data);
      show(counts); tell(counts); channel?.postMessage(counts);
    });
  };
  // One stream a browser, not one a tab: the server has few places.
  if (channel && navigator.locks) navigator.locks.request("huiyin-live", () => { listen(); return new Promise(() => {}); });
  else listen();

  const options = document.querySelector("[data-live-options]");
  if (!options) return;
  options.hidden = false;
  const state = options.querySelector("[data-live-state]");
  for (const box of options.querySelectorAll("[data-live]")) {
    box.checked = wants(box.dataset.live);
    box.addEventListener("change", async () => {
      if (box.checked && box.dataset.live === "notify") {
        const answer = window.Notification ? await Notification.requestPermission() : "denied";
        if (answer !== "granted") { box.checked = false; state.textContent = "浏览器没有允许通知；请在浏览器的网站设置中允许后再选。"; }
      }
      if (box.checked && box.dataset.live === "sound") tone();
      localStorage.setItem(`huiyin.${box.dataset.live}`, box.checked ? "on" : "off");
    });
  }
})();

// Alerts: in a list of them, a acknowledges and e marks as a false alarm the one that is selected.
(() => {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || !["a", "e"].includes(event.key)) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
    const box = document.querySelector('[data-row][aria-selected] input[name="alert"]');
    const button = box?.form.querySelector(event.key === "e" ? 'button[name="false"]' : "button.primary");
    if (!button) return;
    for (const other of box.form.querySelectorAll('input[name="alert"]')) other.checked = other === box;
    box.form.requestSubmit(button);
  });
})();

// A remark is pinned to the passage that is selected in the draft; a pinned remark leads back to its passage.
(() => {
  const form = document.getElementById("remark-form"), area = document.getElementById("e-text"), whole = document.querySelector("section .draft");
  if (!form) return;
  const points = (text) => [...text].length;
  const fill = (words, start) => {
    if (!words.trim() || words.length > 1000) return;
    form.elements.quote.value = words; form.elements.near.value = start;
  };
  area?.addEventListener("select", () => fill(area.value.slice(area.selectionStart, area.selectionEnd), points(area.value.slice(0, area.selectionStart))));
  if (whole) document.addEventListener("selectionchange", () => {
    const chosen = document.getSelection();
    if (!chosen || chosen.isCollapsed || !whole.contains(chosen.anchorNode) || !whole.contains(chosen.focusNode)) return;
    const range = chosen.getRangeAt(0), before = range.cloneRange();
    before.selectNodeContents(whole); before.setEnd(range.startContainer, range.startOffset);
    fill(range.toString(), points(before.toString()));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-find]");
    if (!button || !area) return;
    const [start, end] = button.dataset.find.split(",").map(Number), letters = [...area.value];
    const from = letters.slice(0, start).join("").length;
    area.focus(); area.setSelectionRange(from, from + letters.slice(start, end).join("").length);
    area.scrollTop = area.scrollHeight * (from / Math.max(1, area.value.length)) - area.clientHeight / 3;
  });
})();
