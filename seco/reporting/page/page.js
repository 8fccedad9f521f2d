"use strict";
(() => {
  // Charts take their colours from the style sheet, so that they follow dark, light and print by themselves.
  const series = Array.from({ length: 8 }, (_, index) => `var(--series-${index + 1})`);
  const text = { labelColor: "var(--muted)", titleColor: "var(--ink)", titleFontWeight: 500 };
  const font = "system-ui, sans-serif";
  function settings(width) {
    return {
      background: "transparent",
      font,
      axis: { ...text, domainColor: "var(--rule)", gridColor: "var(--rule)", tickColor: "var(--rule)", labelFontSize: 12, titleFontSize: 12 },
      legend: { ...text, labelColor: "var(--ink)", labelFontSize: 12, symbolType: "circle", columns: Math.max(1, Math.floor(width / 210)) },
      view: { stroke: null },
      mark: { color: series[0] },
      text: { color: "var(--ink)", fontSize: 12 },
      range: { category: series },
    };
  }
  async function drawCharts() {
    const data = document.getElementById("charts");
    if (!data) return;
    const specs = JSON.parse(data.textContent);
    for (const place of document.querySelectorAll("[data-chart]")) {
      const width = place.clientWidth;
      const spec = specs[Number(place.dataset.chart)];
      await window.vegaEmbed(place, spec, {
        actions: false, ast: true, config: settings(width), defaultStyle: false, renderer: "svg", tooltip: { theme: "page" },
      });
    }
    document.documentElement.dataset.charts = "drawn";
  }

  function keyOf(row, column) {
    const cell = row.cells[column];
    return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
  }
  function sortTable(head) {
    const table = head.closest("table");
    const body = table.tBodies[0];
    const rises = head.getAttribute("aria-sort") === "descending" || (!head.hasAttribute("aria-sort") && !head.classList.contains("number"));
    const rows = Array.from(body.rows);
    rows.sort((one, other) => {
      const [a, b] = [keyOf(one, head.cellIndex), keyOf(other, head.cellIndex)];
      const order = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });
      return rises ? order : -order;
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", rises ? "ascending" : "descending");
    body.append(...rows);
  }

  const viewer = document.getElementById("viewer");
  function enlarge(image) {
    const shown = viewer.querySelector("img");
    shown.src = image.src;
    shown.alt = image.alt;
    viewer.querySelector("p").textContent = image.alt;
    viewer.showModal();
  }

  document.addEventListener("click", (event) => {
    const heading = event.target.closest("th button");
    if (heading) sortTable(heading.parentElement);
    const picture = event.target.closest("button.enlarge");
    if (picture) enlarge(picture.querySelector("img"));
    if (event.target === viewer) viewer.close();
  });

  const links = new Map(Array.from(document.querySelectorAll("nav a"), (link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((item) => item.isIntersecting)) {
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "-20% 0px -70% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);

  drawCharts();
})();
