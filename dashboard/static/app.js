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
