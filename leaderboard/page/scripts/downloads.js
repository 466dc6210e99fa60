// Downloads.
// Downloads are made from the page's data.
const save = (name, type, text) => {
  const link = make("a", [], { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
};
const guarded = (text) => (/^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(text) ? `'${text}` : text);
const quoted = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const figures = (cell, compared = "") => {
  const { mean, spread, low, high, reason } = parts(cell);
  return [...[mean, spread, low, high].map((value) => (value == null ? "n/a" : `${value}`)), compared, guarded(reason ?? "")];
};
const longRows = (league, place, { rows, stamp, by, classes }) => rows.flatMap((row) => {
  const entrant = league.entrants[row[field.entrant]];
  const head = [league.title, league.group, league.track, ...place, `${league.epochs}`, entrant.id,
    entrant.name, data.statuses[row[field.status]], entrant.badges.join("; ")].map(guarded);
  const [low, high, reason] = [field.rank_low, field.rank_high, field.rank_reason].map((index) => row[index]);
  const rank = [row[field.rank], null, low, high, reason];
  const cells = by ? [] : league.columns.map((column, index) => [column, row[field.cells][index]]);
  return [[...head, by ? `rank_by_${by}` : "rank", "", ...figures(rank, stamp)],
    ...cells.filter(([, cell]) => cell != null || !classes?.length).map(([c, cell]) =>
      [...head, c.name, c.unit, ...figures(cell, c.relational ? stamp : "")])];
});
const csv = () => [data.long, ...data.leagues.flatMap((league) => [
  ...league.views.filter((view) => Array.isArray(view.rows)).flatMap((view) => longRows(league, [
    `${view.settings.length} settings`, view.dataset ?? "all", view.regime ?? "all", view.patch ?? "all", view.role ?? "all",
    view.classes.join(", ") || "all",
  ], view)),
  ...league.blocks.flatMap((b) => longRows(league, [b.name, b.dataset, b.regime, b.patch, b.role, "all"], b)),
])].map((line) => `${line.map(quoted).join(",")}\n`).join("");
const files = {
  csv: () => bringAll().then(() => save("leaderboard.csv", "text/csv", csv())),
  json: () => bringAll().then(() => save("leaderboard.json", "application/json", JSON.stringify(data))),
  bib: async () => save("nnactive.bib", "text/plain", data.bibliography),
};
const failedSave = make("div", [], { role: "status" });
find("downloads").querySelector(".sheet").append(failedSave);
const saveFile = (name) => {
  failedSave.replaceChildren();
  return files[name]().catch((error) => trouble(failedSave, error));
};
const saveFigure = (figure) => {
  const svg = (figure.querySelector(".static svg") ?? figure.querySelector(".chart svg")).cloneNode(true);
  svg.setAttribute("color", "#1f2328");
  save(`${figure.id}.svg`, "image/svg+xml", new XMLSerializer().serializeToString(svg));
};
