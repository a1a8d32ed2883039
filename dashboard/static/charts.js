// Charts are drawn from the tables beside them, so that both always say the same.
"use strict";
(() => {
  if (!window.echarts) return;
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  for (const box of document.querySelectorAll("[data-chart]")) {
    const table = document.getElementById(`${box.dataset.chart}-table`);
    if (!table) continue;
    const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
    const names = [...table.tHead.rows[0].cells].slice(1).map((cell) => cell.textContent.trim());
    const chart = window.echarts.init(box);
    const colours = [css("--accent"), css("--red"), css("--soft")];
    const marks = (table.dataset.marks ? JSON.parse(table.dataset.marks) : []).map((label) => ({ xAxis: label }));
    chart.setOption({
      animation: false, color: colours, textStyle: { color: css("--ink") },
      grid: { left: 44, right: 12, top: 30, bottom: 28 },
      legend: { data: names, top: 0, textStyle: { color: css("--ink") } },
      tooltip: { trigger: "axis" },
      xAxis: { type: "category", data: rows.map((row) => row[0]), axisLabel: { color: css("--soft") } },
      yAxis: { type: "value", minInterval: 1, axisLabel: { color: css("--soft") }, splitLine: { lineStyle: { color: css("--line") } } },
      series: names.map((name, index) => ({
        name, type: "line", symbolSize: 4, data: rows.map((row) => Number(row[index + 1].replaceAll(",", ""))),
        markLine: index === 0 && marks.length ? { symbol: "none", data: marks, label: { formatter: "回应" } } : undefined,
      })),
    });
    window.addEventListener("resize", () => chart.resize());
    const save = document.createElement("button");
    save.type = "button"; save.className = "plain small noprint"; save.textContent = "下载图片";
    save.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = chart.getDataURL({ pixelRatio: 2, backgroundColor: css("--ground") });
      link.download = `${box.dataset.chart}.png`; link.click();
    });
    box.after(save);
  }
})();

// The map of tiles is a drawing of the page itself: its picture is made from it, with the colours that are shown.
"use strict";
(() => {
  const map = document.getElementById("provinces");
  if (!map) return;
  const save = Object.assign(document.createElement("button"), { type: "button", className: "plain small noprint", textContent: "下载图片" });
  save.addEventListener("click", () => {
    const copy = map.cloneNode(true), parts = [...map.querySelectorAll("rect, text")];
    [...copy.querySelectorAll("rect, text")].forEach((part, at) => {
      const look = getComputedStyle(parts[at]);
      part.setAttribute("style", `fill:${look.fill};stroke:${look.stroke};font:${look.font}`);
    });
    copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const picture = new Image();
    picture.onload = () => {
      const canvas = Object.assign(document.createElement("canvas"), { width: 832, height: 832 }), pen = canvas.getContext("2d");
      pen.fillStyle = getComputedStyle(document.body).backgroundColor; pen.fillRect(0, 0, 832, 832);
      pen.drawImage(picture, 0, 0, 832, 832);
      Object.assign(document.createElement("a"), { href: canvas.toDataURL("image/png"), download: "provinces.png" }).click();
    };
    picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(copy))}`;
  });
  map.after(save);
})();
