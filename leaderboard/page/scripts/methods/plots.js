// Small charts made of SVG nodes, in the page's own colours.
const svgNode = (tag, fields = {}, content = []) => {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(fields)) {
    node.setAttribute(name, typeof value === "number" ? `${Math.round(value * 100) / 100}` : value);
  }
  node.append(...[content].flat());
  return node;
};
const label = (x, y, words, fields = {}) => svgNode("text", { x, y, ...fields }, words);
const clippedTo = (words, width) => {
  const room = Math.max(1, Math.floor(width / 7.2));
  return words.length <= room ? words : `${words.slice(0, room - 1)}…`;
};
// Round values that span the domain, about as many as asked for.
const ticksOf = ([low, high], count) => {
  const rough = (high - low) / count || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((one) => one * power >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, n) => {
    const value = (first + n) * step;
    return [value, fixed(value, Math.max(0, -Math.floor(Math.log10(step) + 1e-9))).replace("-", "\u2212")];
  });
};
const padded = (values, share = 0.05) => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const more = (high - low || Math.abs(high) || 1) * share;
  return [low - more, high + more];
};
// An empty plot: scales x and y, and the layer that takes marks.
const plot = ({ width, height, x, y, name, left = 46, right = 12, top = 10, bottom = 40 }) => {
  const scale = ([low, high], from, to) => (value) => from + ((value - low) / (high - low || 1)) * (to - from);
  const across = scale(x.domain, left, width - right);
  const upwards = scale(y.domain, height - bottom, top);
  const lines = [];
  const words = [];
  for (const [value, text] of x.ticks ?? ticksOf(x.domain, Math.max(2, Math.min(6, (width - left) / 70)))) {
    lines.push(svgNode("path", { d: `M${across(value).toFixed(1)},${top}V${height - bottom}` }));
    words.push(label(across(value), height - bottom + 16, text, { "text-anchor": "middle" }));
  }
  for (const [value, text] of y.ticks ?? ticksOf(y.domain, 5)) {
    lines.push(svgNode("path", { d: `M${left},${upwards(value).toFixed(1)}H${width - right}` }));
    words.push(label(left - 6, upwards(value) + 4, text, { "text-anchor": "end" }));
  }
  if (x.title) words.push(label((left + width - right) / 2, height - 6, x.title, { "text-anchor": "middle" }));
  if (y.title) {
    const middle = (top + height - bottom) / 2;
    words.push(label(12, middle, y.title, { "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }));
  }
  const marks = svgNode("g");
  const svg = svgNode("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": name, class: "plot",
  }, [svgNode("g", { class: "grid" }, lines), svgNode("g", { class: "words" }, words), marks]);
  return { svg, marks, x: across, y: upwards };
};
const told = (node, words) => { node.append(svgNode("title", {}, words)); return node; };
const pathOf = (points) => points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");

// Lines over a number: [{name, colour, dash, thin, points: [[x, y]], band: [[x, low, high]]}].
const linePlot = ({ series, xTitle, yTitle, name, width, height = 240, level = null, domain = null, whole = false }) => {
  const points = series.flatMap((one) => one.points);
  const seen = [...points.map(([, y]) => y), ...(level == null ? [] : [level])];
  const at = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  const found = plot({
    width, height, name,
    x: { domain: padded(at, 0.04), title: xTitle, ...(whole && at.length < 9 ? { ticks: at.map((x) => [x, `${x}`]) } : {}) },
    y: { domain: domain ?? padded(seen), title: yTitle },
  });
  if (level != null) {
    const y = found.y(level);
    found.marks.append(told(svgNode("path", { class: "level", d: `M46,${y.toFixed(1)}H${width - 12}` }), `full data ${fixed(level, 1)}`));
  }
  for (const { name: title, colour, dash, thin, points: own, band } of series) {
    if (band) {
      const edge = [...band.map(([x, , high]) => [x, high]), ...band.toReversed().map(([x, low]) => [x, low])];
      found.marks.append(svgNode("path", { d: `${pathOf(edge.map(([x, y]) => [found.x(x), found.y(y)]))}Z`, fill: colour, opacity: 0.16 }));
    }
    const placed = own.map(([x, y]) => [found.x(x), found.y(y)]);
    found.marks.append(told(svgNode("path", {
      d: pathOf(placed), fill: "none", stroke: colour, "stroke-width": thin ? 1 : 2, opacity: thin ? 0.45 : 1,
      ...(dash?.length ? { "stroke-dasharray": dash.join(" ") } : {}),
    }), title));
    if (!thin) {
      found.marks.append(...placed.map(([cx, cy], n) =>
        told(svgNode("circle", { cx, cy, r: 3, fill: colour }), `${title}: ${fixed(own[n][1], 1)} at ${own[n][0]}`)));
    }
  }
  return found.svg;
};

// Differences with their intervals, one a row: [{name, contrast, colour}].
const forestPlot = ({ rows, title, name, width, unit, ends }) => {
  const left = Math.min(190, width * 0.36);
  const height = rows.length * 22 + 62;
  const edges = rows.flatMap(({ contrast: c }) => [c.low ?? c.mean, c.high ?? c.mean]);
  const found = plot({
    width, height, name, left, top: 22,
    x: { domain: padded([0, ...edges]), title },
    y: { domain: [rows.length - 0.5, -0.5], ticks: [] },
  });
  const zero = found.x(0);
  found.marks.append(svgNode("path", { class: "zero", d: `M${zero.toFixed(1)},22V${height - 40}` }));
  if (ends) {
    const room = (width - left - 24) / 2;
    found.marks.append(
      label(left, 14, `← ${clippedTo(ends[1], room - 20)}`, { class: "end" }),
      label(width - 12, 14, `${clippedTo(ends[0], room - 20)} →`, { "text-anchor": "end", class: "end" }),
    );
  }
  rows.forEach(({ name: words, contrast, colour }, n) => {
    const y = found.y(n);
    const text = `${words}: ${signed(contrast.mean, unit)}${contrast.half == null ? "" : ` (${signed(contrast.low, unit)} to ${signed(contrast.high, unit)})`}`;
    const row = svgNode("g", { class: contrast.significant ? "sure" : "unsure", color: colour });
    if (contrast.half != null) {
      row.append(svgNode("path", { class: "span", d: `M${found.x(contrast.low).toFixed(1)},${y.toFixed(1)}H${found.x(contrast.high).toFixed(1)}` }));
    }
    row.append(svgNode("circle", { cx: found.x(contrast.mean), cy: y, r: 4.5 }));
    found.marks.append(told(row, text), label(left - 8, y + 4, clippedTo(words, left - 10), { "text-anchor": "end" }));
  });
  return found.svg;
};

// One method's figure against the other's: [{name, x, y, sure, colour}]. `ends`: who is ahead below the
// diagonal, and above it.
const scatterPlot = ({ points, names, ends, title, name, width }) => {
  const height = Math.min(width, 340);
  const domain = padded(points.flatMap(({ x, y }) => [x, y]));
  const found = plot({
    width, height, name, left: 52, bottom: 44,
    x: { domain, title: clippedTo(`${names[0]}: ${title}`, width - 60) },
    y: { domain, title: clippedTo(`${names[1]}: ${title}`, height - 50) },
  });
  const [low, high] = domain;
  found.marks.append(svgNode("path", {
    class: "zero", d: pathOf([[found.x(low), found.y(low)], [found.x(high), found.y(high)]]),
  }));
  found.marks.append(
    label(found.x(high) - 8, found.y(low) - 10, clippedTo(`${ends[0]} ahead`, width / 2), { "text-anchor": "end", class: "end" }),
    label(found.x(low) + 8, found.y(high) + 16, clippedTo(`${ends[1]} ahead`, width / 2), { class: "end" }),
  );
  for (const { name: words, x, y, sure, colour } of points) {
    found.marks.append(told(svgNode("g", { class: sure ? "sure" : "unsure", color: colour },
      svgNode("circle", { cx: found.x(x), cy: found.y(y), r: 5 })), words));
  }
  return found.svg;
};
const legendOf = (items) => make("ul", items.map(({ name, colour, dash }) => make("li", [
  svgNode("svg", { width: 22, height: 10, "aria-hidden": "true" }, svgNode("path", {
    d: "M0,5H22", stroke: colour, "stroke-width": 2.5, fill: "none",
    ...(dash?.length ? { "stroke-dasharray": dash.join(" ") } : {}),
  })),
  make("bdi", name),
])), { className: "keys" });
const pictured = (picture, caption, more = []) =>
  make("figure", [picture, ...[more].flat(), make("figcaption", caption)]);
const tableOf = (caption, heads, rows, { firstHead = true } = {}) => {
  const line = (cells) => make("tr", cells.map((cell, n) => (n || !firstHead
    ? make("td", cell) : make("th", make("bdi", soft(cell)), { scope: "row" }))));
  const top = make("tr", heads.map((head, n) => make("th", make("bdi", head), { scope: "col", className: n ? "" : "method" })));
  const table = make("table", [make("caption", caption), make("thead", top), make("tbody", rows.map(line))]);
  const box = make("div", table, { className: "scroll", tabIndex: 0 });
  box.setAttribute("role", "region");
  box.setAttribute("aria-label", caption);
  return box;
};
