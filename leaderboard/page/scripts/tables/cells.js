// Cells and rows as the templates make them.
const pair = (text, beside) => (beside ? [text, make("small", beside)] : [text]);
const cellOf = (cell, { unit, beside }, className) => {
  const { mean, spread, low, high, reason } = parts(cell);
  if (mean == null) return make("td", make("abbr", "n/a", { title: reason ?? "no figure" }), { className });
  const band = low == null || high == null ? "" : `${shown(low, unit)}–${shown(high, unit)}`;
  const about = spread == null ? "" : `± ${shown(spread, unit)}`;
  return make("td", pair(shown(mean, unit), beside === "spread" ? about || band : band || about), { className });
};
const rankOf = (row) => {
  const status = data.statuses[row[field.status]];
  const rank = row[field.rank];
  if (rank == null) {
    const title = `not ranked: ${status === "complete" ? "no score" : status}`;
    return make("td", make("abbr", "–", { title }));
  }
  const low = row[field.rank_low];
  return make("td", pair(`${rank}`, low == null ? "" : `${low}–${row[field.rank_high]}`));
};
const soft = (name) => name.split(/(?<=[_,])(?=.)/).flatMap((part, place) =>
  (place ? [make("wbr"), part] : [part]));
const badgeOf = (name) => make("span", badges[name] ?? name, {
  className: `badge ${name.replaceAll(" ", "-")}`, title: meanings[name] ?? "",
});
const comparing = (stamp) => {
  const [methods, set] = stamp.split(", ");
  const several = methods.endsWith("methods") && !methods.startsWith("0 ");
  return several ? `Ranks and PPM are computed among these ${methods} (set ID ${set}).` : "";
};
const tested = (test) => (test ? `Groups: ${test}.` : "");
const methodOf = (league, row, every) => {
  const entrant = league.entrants[row[field.entrant]];
  const status = data.statuses[row[field.status]];
  const own = entrant.badges.filter((name) => !usual.includes(name) && !data.statuses.includes(name));
  if (status !== "complete") own.push(status);
  const where = row[field.partial];
  const notes = [...(where ? [where] : []), ...((every && row[field.notes]) || [])];
  return make("th", [
    make("a", make("bdi", soft(entrant.name)), { href: `#${entrant.key}` }),
    ...(own.length ? [make("span", own.map(badgeOf), { className: "badges" })] : []),
    ...notes.map((note) => make("span", make("bdi", note), { className: "note" })),
  ], { scope: "row" });
};
const answers = (cell) => parts(cell).mean != null;
