// Two methods side by side: #compare=a,b with the keys of their cards, and by=aubc.
const MOST_ROWS = 40;
const methodsByKey = new Map(data.leagues.flatMap((league) => league.entrants.map((entrant, index) =>
  [entrant.key, { league, entrant, colour: looks[league.key][index][1], dash: looks[league.key][index][2] }])));
const meanOf = (values) => total(values) / values.length;
const points = (unit) => (unit === "%" ? "percentage points" : unit || "difference");
const spanOf = ({ low, high }, unit) => (low == null ? "" : `${signed(low, unit)} to ${signed(high, unit)}`);
const differenceCell = (contrast, unit) => make("span", [
  make(contrast.significant ? "strong" : "span", signed(contrast.mean, unit)),
  ...(contrast.low === contrast.high ? [] : [make("small", spanOf(contrast, unit))]),
]);
const basisOf = ({ isPaired, settings }) => {
  if (settings.every(({ contrast }) => contrast.half == null)) return "Differences between single seeds: there are no intervals.";
  const several = settings.length > 1 ? " They are not corrected for the number of settings." : "";
  return isPaired
    ? `Differences are paired by seed; intervals are Student's t at 95 %.${several}`
    : `Only means and standard deviations are published, so seeds are not paired: intervals are Student's t with pooled variance at 95 %.${several}`;
};
const tally = (found, sides) => {
  const count = found.settings.length;
  const [[won, sure], [lost, sureLost]] = [ahead(found, 1), ahead(found, -1)];
  const share = [[sure, "sure", 0], [won - sure, "raw", 0], [count - won - lost, "even", null], [lost - sureLost, "raw", 1], [sureLost, "sure", 1]];
  const bar = make("div", share.filter(([width]) => width).map(([width, kind, side]) => {
    const part = make("span", [], { className: kind });
    part.style.flexGrow = width;
    if (side != null) part.style.color = sides[side].colour;
    return part;
  }), { className: "tally" });
  bar.setAttribute("aria-hidden", "true");
  const fact = (term, value) => make("div", [make("dt", term), make("dd", value)]);
  const scored = (all, certain) => `${all} (${certain} significant)`;
  return make("div", [bar, make("dl", [
    fact(make("bdi", `${sides[0].entrant.name} ahead`), scored(won, sure)),
    fact("Equal", `${count - won - lost}`),
    fact(make("bdi", `${sides[1].entrant.name} ahead`), scored(lost, sureLost)),
  ], { className: "facts" })]);
};
const curvesOf = ({ block, a, b }, sides, width) => {
  const series = [a, b].flatMap(({ patches, dice }, n) => {
    const { colour, dash, entrant } = sides[n];
    const thin = dice.length > 1 ? dice.map((seed) => ({ name: entrant.name, colour, thin: true, points: patches.map((x, loop) => [x, seed[loop]]) })) : [];
    return [...thin, { name: entrant.name, colour, dash, points: patches.map((x, loop) => [x, meanOf(dice.map((seed) => seed[loop]))]) }];
  });
  return pictured(linePlot({
    series, width, xTitle: "Labelled patches", yTitle: "Mean Dice (%)", whole: true,
    level: parts(block.full_data).mean, name: `Learning curves of both methods in ${block.name}`,
  }), [make("bdi", block.name), `: learning curves${Math.max(a.dice.length, b.dice.length) > 1 ? ", mean over seeds and single seeds (thin)" : ""}.`], legendOf(sides.map(({ entrant, colour, dash }) => ({ name: entrant.name, colour, dash }))));
};
// The chosen metric by loop, where it isn't Mean Dice.
const furtherCurves = ({ block, a, b }, sides, column, width) => {
  const [name, curve] = Object.entries(curves).find(([, { columns }]) => columns.includes(column.name)) ?? [];
  if (![a, b].every((each) => each.curves?.[name])) return [];
  const series = [a, b].map(({ patches, curves: own }, n) => {
    const { colour, dash, entrant } = sides[n];
    return { name: entrant.name, colour, dash, points: patches.map((x, loop) => [x, own[name][loop]]) };
  });
  return [pictured(linePlot({
    series, width, xTitle: "Labelled patches", yTitle: `${curve.title} (${curve.unit})`, whole: true,
    name: `${curve.title} of both methods in ${block.name}`,
  }), [make("bdi", block.name), `: ${curve.title} by loop, mean over seeds.`], legendOf(series))];
};
const overview = (found, sides, width, room) => {
  const { settings, column, pairs } = found;
  const names = sides.map(({ entrant }) => entrant.name);
  const better = betterSign(column);
  const ends = better < 0 ? names.toReversed() : names;
  const colourOf = ({ mean }) => sides[better * mean < 0 ? 1 : 0].colour;
  const pictures = found.isPaired && pairs.length < 3 ? pairs.flatMap((pair) => [
    curvesOf(pair, sides, pairs.length > 1 ? width : Math.min(860, room - 28)), ...furtherCurves(pair, sides, column, width),
  ]) : [];
  if (settings.length > 2) {
    const far = settings.length > MOST_ROWS
      ? settings.toSorted((x, y) => Math.abs(y.contrast.mean) - Math.abs(x.contrast.mean)).slice(0, MOST_ROWS) : settings;
    const left = settings.length - far.length;
    pictures.push(pictured(forestPlot({
      rows: far.map(({ block, contrast }) => ({ name: block.name, contrast, colour: colourOf(contrast) })), width,
      title: `Difference (${points(column.unit)})`, unit: column.unit, ends,
      name: `Difference of ${column.title} between ${names.join(" and ")} by setting`,
    }), `Difference of ${column.title} by setting with its 95 % interval; filled where it excludes 0.${left ? ` The ${far.length} largest; ${left} more are in the table.` : ""}`));
    pictures.push(pictured(scatterPlot({
      points: settings.map(({ block, first, second, contrast }) => ({
        x: first, y: second, sure: contrast.significant, colour: colourOf(contrast),
        name: `${block.name}: ${shown(first, column.unit)} against ${shown(second, column.unit)}`,
      })), names, ends, title: `${column.title}${column.unit ? ` (${column.unit})` : ""}`, width,
      name: `${column.title} of ${names.join(" against ")}, one dot per setting`,
    }), "One dot per setting; on the diagonal the two methods are equal. Filled: significant."));
  }
  return pictures;
};
const origins = (found, sides, width) => {
  const names = sides.map(({ entrant }) => entrant.name);
  const colourOf = ({ mean }) => sides[mean < 0 ? 1 : 0].colour;
  const pictures = [];
  if (found.loops.length > 1) {
    pictures.push(pictured(forestPlot({
      rows: found.loops.map((contrast, loop) => ({ name: `Loop ${loop}`, contrast, colour: colourOf(contrast) })),
      title: "Difference (percentage points)", width, unit: "%", ends: names,
      name: `Difference of Mean Dice between ${names.join(" and ")} by loop`,
    }), `Loops: difference of Mean Dice${found.settings.length > 1 ? ", mean over settings" : ""}.`));
  }
  if (found.classes.length > 1) {
    const several = new Set(found.classes.map(({ dataset }) => dataset)).size > 1;
    const far = found.classes.slice(0, 16);
    const left = found.classes.length - far.length;
    pictures.push(pictured(forestPlot({
      rows: far.map(({ dataset, name, contrast }) => ({ name: several ? `${dataset}: ${name}` : name, contrast, colour: colourOf(contrast) })),
      title: "Difference (percentage points)", width, unit: "%", ends: names,
      name: `Difference of Dice between ${names.join(" and ")} by class`,
    }), `Classes: difference of Dice after the final loop${several ? ", mean over a dataset's settings" : ""}, largest first.${left ? ` ${left} more classes differ less.` : ""}`));
  }
  return pictures;
};
const settingsTable = (found, sides) => {
  const { column, settings } = found;
  const longest = settings.reduce((most, { loops }) => (loops.length > most.length ? loops : most), []);
  const heads = ["Setting", ...sides.map(({ entrant }) => entrant.name), "Difference", ...longest.map((_, loop) => `Loop ${loop}`)];
  const rows = settings.map(({ block, first, second, contrast, loops }) => [
    block.name, shown(first, column.unit), shown(second, column.unit), differenceCell(contrast, column.unit),
    ...longest.map((_, loop) => (loops[loop] ? differenceCell(loops[loop].contrast, "%") : "–")),
  ]);
  if (settings.length > 1) {
    rows.push(["Mean over settings", ...["first", "second"].map((side) => shown(meanOf(settings.map((one) => one[side])), column.unit)),
      differenceCell(found.total, column.unit), ...longest.map((_, loop) => (found.loops[loop] ? differenceCell(found.loops[loop], "%") : "–"))]);
  }
  const loops = longest.length ? "; by loop, difference of Mean Dice" : "";
  return tableOf(`${column.title}${column.unit ? ` (${column.unit})` : ""}: difference with its 95 % interval, in ${points(column.unit)}${loops}. Bold: significant at 0.05.`, heads, rows);
};
const COSTS = ["query_seconds", "query_peak_gib", "training_hours", "patches", "foreground", "effort", "components", "slices", "images", "minutes"];
const costTable = (found, sides) => {
  const { league } = sides[0];
  const rows = COSTS.flatMap((name) => {
    const place = league.columns.findIndex((column) => column.name === name);
    if (place < 0) return [];
    const { title, unit } = league.columns[place];
    const known = found.settings.map(({ own }) => own.map((row) => (row ? parts(row[field.cells][place]).mean : null)))
      .filter((pair) => pair.every((value) => value != null));
    if (!known.length) return [];
    const [x, y] = [0, 1].map((side) => meanOf(known.map((pair) => pair[side])));
    const ratio = y ? `${shown(x / y, "")} ×` : "–";
    return [[`${title}${unit && unit !== title.toLowerCase() ? ` (${unit})` : ""}`, shown(x, unit), shown(y, unit), signed(x - y, unit), ratio]];
  });
  return rows.length ? tableOf("Cost of an experiment: means over seeds and the settings above.", ["", ...sides.map(({ entrant }) => entrant.name), "Difference", "Ratio"], rows) : null;
};
// All that a comparison shows, below its controls.
const comparisonView = (root, found, sides) => {
  const nodes = [make("p", make("bdi", sentenceOf(found)), { className: "verdict" })];
  root.replaceChildren(...nodes);
  if (!found.column) return;
  const room = root.clientWidth || 640;
  const width = room > 760 ? Math.floor((room - 64) / 2) : Math.max(300, room - 24);
  const gallery = (pictures) => make("div", pictures, { className: "pair" });
  const informed = sides.filter(({ entrant }) => entrant.oracle).map(({ entrant }) => entrant.name);
  const privilege = informed.length ? ` ${informed.join(" and ")} ${informed.length > 1 ? "use" : "uses"} the labels of the whole pool.` : "";
  nodes.push(make("p", make("bdi", basisOf(found) + privilege), { className: "about" }));
  if (found.settings.length > 1) nodes.push(tally(found, sides));
  nodes.push(gallery(overview(found, sides, width, room)));
  const where = origins(found, sides, width);
  if (where.length) nodes.push(make("h3", "Where the difference comes from"), gallery(where));
  nodes.push(make("h3", "By setting"), settingsTable(found, sides));
  const cost = costTable(found, sides);
  if (cost) nodes.push(make("h3", "Cost"), cost);
  root.replaceChildren(...nodes);
};

// Its controls, and the link that leads to it.
const compareForm = find("compare-form");
const topTwo = (league) => rowsOf(league.views[0]).slice(0, 2).map((row) => league.entrants[row[field.entrant]].key);
const compareKeys = (league, params) => {
  const keys = (params.get("compare") ?? "").split(",");
  const [first, second] = keys.map((key) => methodsByKey.get(key));
  const fitting = first && second && first !== second && keys.length === 2 && first.league === second.league;
  return fitting && first.league === league ? keys : topTwo(league);
};
const OTHERS = "The link doesn't name two methods of one ranking: the first two of this ranking are compared instead.";
const filled = (select, options, chosen) => {
  select.replaceChildren(...options.map(([words, value]) => new Option(words, value)));
  select.value = chosen;
};
let latest = 0;
const showComparison = async (league, [first, second], by, replaced) => {
  const turn = ++latest;
  const sides = [first, second].map((key) => methodsByKey.get(key));
  const { elements } = compareForm;
  const names = league.entrants.map(({ name, key }) => [name, key]);
  filled(elements.first, names, first);
  filled(elements.second, names, second);
  const details = await Promise.all([first, second].map(detailOf));
  if (turn !== latest) return;
  const found = comparisonOf(league, ...sides.map(({ entrant }) => entrant), details, by);
  for (const one of found.settings) {
    one.own = await Promise.all(sides.map(({ entrant }) => rowIn(blocks.get(one.block.key), entrant)));
  }
  if (turn !== latest) return;
  filled(elements.by, found.columns.map(({ title, name }) => [title, name]), found.column?.name ?? "");
  elements.by.parentElement.hidden = found.columns.length < 2;
  const place = find("compared");
  comparisonView(place, found, sides);
  if (replaced) place.prepend(make("p", OTHERS, { className: "empty" }));
  place.dataset.pair = `${first},${second}`;
};
onView("compare", ({ league, params }) => {
  compareForm.hidden = league.entrants.length < 2 || !league.views.length;
  if (compareForm.hidden) {
    latest += 1;
    find("compared").replaceChildren(make("p", "This ranking has no two methods to compare.", { className: "empty" }));
    return;
  }
  const keys = compareKeys(league, params);
  const replaced = params.has("compare") && params.get("compare") !== keys.join(",");
  showComparison(league, keys, params.get("by") ?? "", replaced)
    .catch((error) => {
      console.error(`compare: ${error.message}`);
      trouble(find("compared"), error);
    });
});
const comparePair = (first, second, by) => go({ view: "compare", compare: `${first},${second}`, by });
compareForm.addEventListener("submit", (event) => event.preventDefault());
compareForm.addEventListener("change", ({ target }) => {
  const { first, second, by } = compareForm.elements;
  if (first.value === second.value) {
    const other = [...first.options].find(({ value }) => value !== target.value);
    (target === first ? second : first).value = other.value;
  }
  comparePair(first.value, second.value, by.value);
});
compareForm.elements.swap.addEventListener("click", () => {
  const { first, second, by } = compareForm.elements;
  comparePair(second.value, first.value, by.value);
});
