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
