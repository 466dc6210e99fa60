// Tables of methods: their columns, and sorting.
// The columns with a figure, and which of them are shown until a reader picks others.
const columnsOf = (league, source) => {
  const rows = rowsOf(source);
  const found = league.columns.map((column, index) => ({ ...column, index, key: column.name === source.ranked_by }))
    .filter(({ index }) => rows.some((row) => answers(row[field.cells][index])));
  let first = found.filter((column) => column.headline || column.key);
  if (!first.length) first = found;
  first.sort((a, b) => b.key - a.key);
  return { every: [...first, ...found.filter((column) => !first.includes(column))], first };
};
// Figures as they are sorted; a missing one always comes last.
const figureFor = (name, columns) => {
  if (name === "rank") return (row) => row[field.rank];
  const { index } = columns.find((column) => column.name === name);
  return (row) => parts(row[field.cells][index]).mean;
};
const sorted = (rows, league, columns, { name, down }) => {
  const sign = down ? -1 : 1;
  if (name === "method") {
    const named = (row) => league.entrants[row[field.entrant]].name.toLowerCase();
    return [...rows].sort((a, b) => sign * (named(a) < named(b) ? -1 : named(a) > named(b)));
  }
  const figure = figureFor(name, columns);
  return [...rows].sort((a, b) => {
    const [x, y] = [figure(a) ?? null, figure(b) ?? null];
    return (x === null) - (y === null) || sign * (x - y);
  });
};
const drawnTables = new WeakMap();
const sortButton = (content, sort) => make("button", content, { type: "button", className: "sort", onclick: sort });
const headOf = (columns, grouped, sort) => {
  const head = (name, content, className, title = "") => {
    const node = make("th", sortButton(content, () => sort(name)), { scope: "col", className, title });
    node.dataset.column = name;
    return node;
  };
  return make("tr", [
    head("rank", "Rank", ""), head("method", "Method", "method"),
    ...(grouped ? [make("th", "Group", { scope: "col", className: "group" })] : []),
    ...columns.map(({ name, title, unit, help, key }) =>
      head(name, ["", title.toLowerCase()].includes(unit) ? title : [`${title} `, make("small", unit)], key ? "key" : "", help)),
  ]);
};
const rowOf = (league, row, columns, grouped, every) => {
  const status = data.statuses[row[field.status]];
  const className = [status === "complete" ? "" : status, row[field.leading] ? "leading" : ""].filter(Boolean).join(" ");
  return make("tr", [
    rankOf(row), methodOf(league, row, every),
    ...(grouped ? [make("td", row[field.ties] ?? "", { className: "group" })] : []),
    ...columns.map((column) => cellOf(row[field.cells][column.index], column, column.key ? "key" : "")),
  ], className ? { className } : {});
};
// Shows a view or a setting in a table. `pick` names columns, `keep` tells which rows are shown.
const drawTable = (table, league, source, { pick = [], keep = () => true, sort, onsort }) => {
  const rows = rowsOf(source);
  const { every, first } = columnsOf(league, source);
  const picked = every.filter(({ name, key }) => key || pick.includes(name));
  const columns = picked.some(({ name }) => pick.includes(name)) ? picked : first;
  const grouped = rows.some((row) => row[field.ties]);
  const names = columns.map(({ name }) => name);
  const order = ["rank", "method", ...names].includes(sort?.name) ? sort : { name: "rank", down: false };
  let drawn = drawnTables.get(table);
  if (drawn?.source !== source || drawn.names.join() !== names.join()) {
    const full = table.classList.contains("in-setting");
    drawn = { source, names, nodes: new Map(rows.map((row) => [row, rowOf(league, row, columns, grouped, full)])) };
    drawnTables.set(table, drawn);
    table.tHead.replaceChildren(headOf(columns, grouped, (name) => drawn.sort(name)));
    longTables.delete(table);
  }
  if (rows.length >= LONG && !longTables.has(table) && table.offsetParent) fit(table, [...drawn.nodes.values()]);
  drawn.sort = (name) => {
    const better = columns.find((column) => column.name === name)?.higher_is_better;
    onsort({ name, down: order.name === name ? !order.down : Boolean(better) });
  };
  for (const head of table.tHead.rows[0].cells) {
    if (head.dataset.column === order.name) head.ariaSort = order.down ? "descending" : "ascending";
    else head.removeAttribute("aria-sort");
  }
  const kept = sorted(rows.filter(keep), league, columns, order);
  table.tBodies[0].replaceChildren(...kept.map((row) => drawn.nodes.get(row)));
  return kept;
};
