// Long tables: a browser lays out and paints only the rows in sight.
// Skipping a row takes a box that isn't a table's, so such a table is laid out as one first, and
// keeps the widths that its columns got from all of its rows.
const LONG = CSS.supports("content-visibility", "auto") ? 100 : Infinity;
const widthsOf = (table) => [...table.tHead.rows[0].cells].map((cell) => cell.getBoundingClientRect().width);
// The name's column takes what is left.
const tracksOf = (widths) => widths.map((width, place) => (place === 1 ? `minmax(${width}px, 1fr)` : `${width}px`)).join(" ");
// Browsers may forget what a table is when it is laid out as something else.
const nameRoles = (table) => {
  const roles = { table: [table], rowgroup: [table.tHead, ...table.tBodies], row: [...table.rows] };
  Object.assign(roles, { columnheader: all("thead th", table), rowheader: all("tbody th", table), cell: all("td", table) });
  for (const [role, nodes] of Object.entries(roles)) for (const node of nodes) node.setAttribute("role", role);
};
const longTables = new Map();
const fit = (table, rows) => {
  const body = table.tBodies[0];
  const kept = [...body.rows];
  table.classList.remove("long");
  body.replaceChildren(...rows);
  longTables.delete(table);
  const { height } = body.getBoundingClientRect();
  if (height) {
    table.style.setProperty("--tracks", tracksOf(widthsOf(table)));
    table.style.setProperty("--row", `${height / rows.length}px`);
    nameRoles(table);
    table.classList.add("long");
    longTables.set(table, rows);
  }
  body.replaceChildren(...kept);
};
// Widths depend on the window's: styles differ on a narrow one.
let resized = null;
let known = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === known) return;
  known = innerWidth;
  clearTimeout(resized);
  resized = setTimeout(() => { for (const [table, rows] of [...longTables]) fit(table, rows); }, 200);
});
