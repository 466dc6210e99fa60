// Score against cost over all settings, whatever the filters: figures/cost.py, pictures/costs.py.
const overall = (league) => league.views[0];
const ranksWith = (league, name) => {
  const place = league.columns.findIndex((one) => one.name === name);
  const figure = (row) => parts(row[field.cells][place] ?? null).mean;
  return rowsOf(overall(league)).filter((row) => row[field.rank] != null && figure(row) != null).map((row) => [row, figure(row)]);
};
// The title of the axis, and what figures are multiplied with: times in a unit that suits the longest.
const costAxis = (league, part) => {
  const own = layout.times[part];
  if (!own) return [layout.costs[part], 1];
  const longest = own * Math.max(...ranksWith(league, part).map(([, cost]) => cost));
  const [size, unit] = layout.timeUnits.find(([seconds]) => longest >= layout.fewestUnits * seconds) ?? layout.timeUnits.at(-1);
  return [`${layout.costs[part]} (${unit})`, own / size];
};
const costsOf = (league, part) => {
  const score = league.columns.findIndex((one) => one.name === overall(league).ranked_by);
  const [, factor] = costAxis(league, part);
  const every = ranksWith(league, part).map(([row, cost]) => ({
    method: series(league, row), oracle: league.entrants[row[field.entrant]].oracle === true,
    cost: factor * cost, score: parts(row[field.cells][score]).mean, front: false,
  }));
  let best = -Infinity;
  for (const one of every.toSorted((a, b) => a.cost - b.cost || b.score - a.score)) {
    one.front = one.score > best;
    best = Math.max(best, one.score);
  }
  return every.filter((one, place) => place < layout.all || one.front);
};
// A letter's width and a name's distance from its line, as shares of the axes.
const [NAME_WIDTH, NAME_HEIGHT] = [0.016, 0.04];
const costAxes = (spec, league, part, rows) => {
  const column = league.columns.find((one) => one.name === overall(league).ranked_by);
  const costs = rows.map((row) => row.cost);
  const scores = rows.map((row) => row.score);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const wide = Math.min(...costs) > 0 && Math.max(...costs) >= layout.wideSpread * Math.min(...costs);
  const place = wide ? Math.log : Number;
  const middle = (place(Math.min(...costs)) + place(Math.max(...costs))) / 2;
  // Where a name would cover that of a better method, it lies on the other side of the line.
  const extent = place(Math.max(...costs)) - place(Math.min(...costs)) || 1;
  const box = ({ method, cost, score }, side) => {
    const [x, room] = [place(cost) / extent, NAME_WIDTH * method.length];
    const up = side === "right" || side === "left above" ? NAME_HEIGHT : -NAME_HEIGHT;
    return { from: side.startsWith("left") ? x : x - room, room, y: score / (high - low || 1) + up };
  };
  const meet = (one, two) => one.from < two.from + two.room && two.from < one.from + one.room
    && Math.abs(one.y - two.y) < 1.5 * NAME_HEIGHT;
  const taken = [];
  for (const row of rows.filter(({ front }) => front).toSorted((a, b) => b.score - a.score)) {
    const sides = place(row.cost) < middle ? ["left", "left above"] : ["right", "right below"];
    row.side = sides.find((side) => !taken.some((other) => meet(box(row, side), other))) ?? sides[0];
    taken.push(box(row, row.side));
  }
  for (const { encoding } of spec.layer) {
    [encoding.x.title] = costAxis(league, part);
    encoding.y.title = column.title + (column.unit ? ` (${column.unit})` : "");
    // Layers without data would have no extent.
    encoding.x.scale.domain = [Math.min(...costs), Math.max(...costs)];
    // Below the lowest there is room for its name.
    encoding.y.scale.domain = [low - 0.08 * (high - low), high];
    if (wide) encoding.x.scale = { type: "log", nice: false, padding: 8, domain: encoding.x.scale.domain };
  }
};
// The reader may choose a single cost.
const costChooser = once(() => {
  const select = make("select", [], { onchange: () => go({ cost: select.value }) });
  return make("p", make("label", ["Kind of cost ", select]), { className: "chosen-cost" });
});
onView("cost", ({ league, params }) => {
  const panel = document.querySelector(`#${league.key} [data-panel=cost]`);
  const figures = all("figure[data-kind=cost]", panel);
  if (figures.length < 2) return;
  const choice = costChooser();
  const select = choice.querySelector("select");
  select.replaceChildren(make("option", "all", { value: "" }),
    ...figures.map(({ dataset }) => make("option", layout.costs[dataset.part], { value: dataset.part })));
  const wanted = figures.find(({ dataset }) => dataset.part === params.get("cost"))?.dataset.part ?? "";
  select.value = wanted;
  for (const figure of figures) figure.hidden = wanted !== "" && figure.dataset.part !== wanted;
  panel.querySelector("h3").after(choice);
});
