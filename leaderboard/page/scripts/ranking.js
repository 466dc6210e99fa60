// The chart of a ranking follows the filters: leaderboard/figures/ranking.py and page/ranked.py.
const letters = (ties) => ties.match(/[A-Za-z]\d*/g) ?? [];
const drawn = (tag, attributes, words) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  if (words != null) node.append(words);
  return node;
};
const worded = (x, y, words, more = {}) => drawn("text", { x, y, ...more }, words);
const ticks = (low, high, wanted) => {
  const raw = (high - low) / wanted;
  const power = 10 ** parseInt(raw.toExponential().split("e")[1], 10);
  const step = power * [1, 2, 5, 10].find((nice) => power * nice >= raw * (1 - 1e-9));
  const first = Math.ceil(low / step - 1e-9);
  const found = Array.from({ length: 3 * wanted }, (_, n) => +((first + n) * step).toFixed(10));
  return found.filter((value) => value <= high + 1e-9 * step);
};
const dotsOf = (league, view, rows) => {
  const place = league.columns.findIndex((column) => column.name === view.ranked_by);
  return rows.filter((row) => row[field.rank] != null).map((row) => {
    const { mean, spread, low, high } = parts(row[field.cells][place]);
    const about = low == null || high == null ? spread ?? 0 : null;
    const entrant = league.entrants[row[field.entrant]];
    const [name, colour, , marker] = looks[league.key][row[field.entrant]];
    return {
      name, colour, marker, mean, rank: row[field.rank], ties: letters(row[field.ties] ?? ""),
      low: about == null ? low : mean - about, high: about == null ? high : mean + about,
      interval: about == null, spread: spread != null,
      leading: Boolean(row[field.leading]), oracle: entrant.oracle === true, baseline: entrant.badges.includes("baseline"),
    };
  });
};
const shownDots = (dots) => (dots.length <= layout.all ? dots
  : dots.filter((dot, place) => place < layout.first || dot.baseline).slice(0, layout.mostRows));
const groupsOf = (dots) => {
  const members = new Map();
  dots.forEach((dot, place) => dot.ties.forEach((letter) => members.set(letter, [...members.get(letter) ?? [], place])));
  return [...members].filter(([, places]) => places.length > 1).slice(0, layout.mostBars);
};
const barOf = ([letter, places], ys, at, pitch) => {
  const half = Math.floor(pitch / 2) - 3;
  const runs = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last && place === last[1] + 1 && ys[place] - ys[last[1]] <= pitch + 1) last[1] = place;
    else runs.push([place, place]);
  }
  const inside = runs.map(([first, last]) => `M${at},${ys[first] - half}V${ys[last] + half}`).join("");
  return [
    worded(at, ys[0] - Math.floor(pitch / 2) - 8, letter, { "text-anchor": "middle" }),
    drawn("path", { d: `M${at},${ys[places[0]]}V${ys[places.at(-1)]}`, stroke: "currentColor", "stroke-width": 2, "stroke-opacity": ".6" }),
    drawn("path", { d: inside, stroke: "currentColor", "stroke-width": 8 }),
  ];
};
const limitsOf = (dots) => {
  const [lows, means, highs] = ["low", "mean", "high"].map((name) => dots.map((dot) => dot[name]));
  const [least, most] = [Math.min(...means), Math.max(...means)];
  const beyond = layout.beyond * (most - least) || Infinity;
  return [Math.max(Math.min(...lows), least - beyond), Math.min(Math.max(...highs), most + beyond)];
};
const lineOf = (dot, y, x, [least, most]) => {
  const [low, high] = [x(Math.max(dot.low, least)), x(Math.min(dot.high, most))];
  if (high <= low) return [];
  const heads = (dot.low < least ? `M${low + 9},${y - 7}L${low},${y}L${low + 9},${y + 7}` : "")
    + (dot.high > most ? `M${high - 9},${y - 7}L${high},${y}L${high - 9},${y + 7}` : "");
  return [drawn("path", { d: `M${low},${y}H${high}${heads}`, fill: "none", stroke: dot.colour, "stroke-width": 4 })];
};
// As clipped in leaderboard/figures/drawing/svg.py: wide characters count twice.
const wideSign = new RegExp(layout.wide, "u");
const clipped = (words, room) => {
  const signs = [...words];
  let end = 0;
  const ends = signs.map((sign) => (end += wideSign.test(sign) ? 2 : 1));
  return end <= room ? words : `${signs.filter((_, n) => ends[n] < room).join("")}\u2026`;
};
const rankingChart = (dots, title, old) => {
  const { width, number, name, plot, right, foot, bar, first, accent, letter, pitches } = layout;
  const whole = (value) => Math.floor(value + 0.5);
  const shown = shownDots(dots);
  const bars = groupsOf(shown);
  const jump = dots.length > layout.all && shown.length > first ? first : shown.length;
  const rows = shown.length + (jump < shown.length);
  const [, pitch, font] = pitches.find(([most]) => rows <= most);
  const top = bars.length ? layout.top : 8;
  const bottom = top + pitch * rows;
  const ys = shown.map((_, n) => whole(top + pitch * (n + 0.5 + (n >= jump))));
  const ends = limitsOf(shown);
  const room = 0.06 * (ends[1] - ends[0]) || 1;
  const [low, high] = [ends[0] - room, ends[1] + room];
  const end = width - right - bar * bars.length;
  const x = (value) => whole(plot + ((value - low) / (high - low)) * (end - plot));
  const marks = ticks(low, high, 4);
  const size = Math.trunc((plot - name - 8) / (font * letter));
  const usable = Math.max(0, shown.findIndex(({ oracle }) => !oracle));
  const svg = old.cloneNode(false);
  svg.setAttribute("viewBox", `0 0 ${width} ${bottom + foot}`);
  svg.append(
    ...(shown.some(({ leading }) => leading) ? [drawn("rect", { x: 0, y: ys[usable] - Math.floor(pitch / 2), width, height: pitch, rx: 8, fill: accent, "fill-opacity": ".14" })] : []),
    drawn("path", { d: marks.map((value) => `M${x(value)},${top}V${bottom}`).join(""), stroke: "currentColor", "stroke-opacity": ".18" }),
    ...marks.map((value) => worded(x(value), bottom + 28, `${value}`, { "text-anchor": "middle" })),
    worded(whole((plot + end) / 2), bottom + 62, title, { "text-anchor": "middle" }),
    ...shown.flatMap((dot, n) => {
      const y = ys[n];
      const base = y + whole(font / 3);
      const words = clipped(dot.name, size);
      const [aside, above, outline] = shapes[dot.marker];
      return [
        worded(number, base, `${dot.rank}`, { "text-anchor": "end", "font-size": font }),
        worded(name, base, words, { "font-size": font, "font-weight": dot.leading ? 700 : null }),
        ...lineOf(dot, y, x, ends),
        drawn("path", {
          d: `M${x(dot.mean) + aside},${y + above}${outline}`, stroke: dot.colour, "stroke-width": 3,
          style: `fill:${dot.oracle ? "var(--paper,#fff)" : dot.colour}`,
        }),
      ];
    }),
    ...bars.flatMap((one, n) => barOf(one, ys, whole(width - bar * (bars.length - n - 0.5)), pitch)),
    ...(jump < shown.length ? [worded(name, whole(top + pitch * (jump + 0.5)) + 6, "\u22ef")] : []),
  );
  return svg;
};
const rankingCaption = (title, column, dots, rows) => {
  const some = shownDots(dots);
  const whiskers = dots.some((dot) => dot.interval) ? "with 95 % intervals"
    : dots.some((dot) => dot.spread) ? `\u00b1 one ${column.spread}` : "without intervals, which need at least two seeds";
  const left = rows - some.length;
  const many = dots.length > layout.all;
  const first = many ? `the first ${layout.first}` : shown(some.length, "voxels");
  const baselines = many && some.length > layout.first ? " and the baselines" : "";
  return [
    `${title} by method, best first, ${whiskers}.`,
    groupsOf(some).length ? "Bars join methods that share a letter: they cannot be told apart." : "",
    some.some((dot) => dot.low < limitsOf(some)[0] || dot.high > limitsOf(some)[1]) ? "Arrowheads: intervals that go on beyond the plot." : "",
    some.some((dot) => dot.oracle) ? "Hollow markers: methods that use ground truth." : "",
    left ? `Shown: ${first}${baselines}; ${shown(left, "voxels")} ${left === 1 ? "more method is" : "more methods are"} in the table.` : "",
  ].filter(Boolean).join(" ");
};
const follow = (league, view, rows) => {
  for (const figure of all(`figure[data-owner="${league.key}"]`)) {
    const { kind, part } = figure.dataset;
    if (kind === "beside") figure.hidden = !view.settings.includes(part);
  }
  const figure = find(`${league.key}-ranking`);
  const dots = view ? dotsOf(league, view, rows) : [];
  if (!figure) return;
  figure.hidden = !dots.length;
  if (!dots.length) return;
  const column = league.columns.find((one) => one.name === view.ranked_by);
  const title = column.title + (column.unit ? ` (${column.unit})` : "");
  const caption = rankingCaption(title, column, dots, rows.length);
  const old = figure.querySelector("svg");
  const svg = rankingChart(dots, title, old);
  svg.setAttribute("aria-label", `${league.title}. ${caption}`);
  old.replaceWith(svg);
  figure.querySelector("figcaption").textContent = caption;
};
onRanking(({ league, view, rows }) => follow(league, view, rows));
