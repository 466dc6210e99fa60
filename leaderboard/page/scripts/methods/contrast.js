// How far two methods differ: the same as leaderboard/metrics/paired.py and comparison.py.
const total = (values) => values.reduce((sum, value) => sum + value, 0);
const quantileAt = (freedom) => {
  const steps = quantiles.length - 1;
  const below = Math.min(Math.floor(steps / freedom), steps - 1);
  return quantiles[below] + (steps / freedom - below) * (quantiles[below + 1] - quantiles[below]);
};
const contrastOf = (mean, error = null, freedom = 0) => {
  const half = error == null ? null : quantileAt(freedom) * error;
  const [low, high] = half == null ? [null, null] : [mean - half, mean + half];
  return { mean, error, freedom, half, low, high, significant: half != null && Math.abs(mean) > half };
};
const paired = (first, second) => {
  const differences = first.map((value, n) => value - second[n]);
  const count = differences.length;
  const centre = total(differences) / count;
  if (count === 1) return contrastOf(centre);
  const variance = total(differences.map((value) => (value - centre) ** 2)) / (count - 1);
  return contrastOf(centre, Math.sqrt(variance / count), count - 1);
};
const unpaired = (first, second) => {
  const difference = first.mean - second.mean;
  if (Math.min(first.seeds, second.seeds) < 2) return contrastOf(difference);
  const freedom = first.seeds + second.seeds - 2;
  const squares = (first.seeds - 1) * first.std ** 2 + (second.seeds - 1) * second.std ** 2;
  const error = Math.sqrt((squares / freedom) * (1 / first.seeds + 1 / second.seeds));
  return contrastOf(difference, error, freedom);
};
const over = (contrasts) => {
  const count = contrasts.length;
  const centre = total(contrasts.map((one) => one.mean)) / count;
  if (contrasts.some((one) => one.error == null)) return contrastOf(centre);
  const sum = total(contrasts.map((one) => one.error ** 2));
  const error = Math.sqrt(sum) / count;
  if (!sum) return contrastOf(centre, error, total(contrasts.map((one) => one.freedom)));
  const freedom = sum ** 2 / total(contrasts.map((one) => one.error ** 4 / one.freedom));
  return contrastOf(centre, error, freedom);
};

const hasBoth = (metric, a, b) => (metric in (a.figures ?? {}) && metric in (b.figures ?? {})
  ? a.seeds.some((seed) => b.seeds.includes(seed))
  : metric in (a.printed ?? {}) && metric in (b.printed ?? {}));
const sampleOf = ({ printed, printed_seeds: seeds }, metric) => {
  const [mean, std] = printed[metric];
  return { mean, std: std ?? 0, seeds: std == null ? 1 : seeds };
};
const commonSeeds = (a, b) => (a.seeds ?? []).flatMap((seed, n) =>
  ((b.seeds ?? []).includes(seed) ? [[n, b.seeds.indexOf(seed)]] : []));
const inSetting = (metric, block, a, b) => {
  if (!(metric in (a.figures ?? {})) || !(metric in (b.figures ?? {}))) {
    const [x, y] = [sampleOf(a, metric), sampleOf(b, metric)];
    return { block, first: x.mean, second: y.mean, contrast: unpaired(x, y), loops: [] };
  }
  const seeds = commonSeeds(a, b);
  const [x, y] = [seeds.map(([n]) => a.figures[metric][n]), seeds.map(([, n]) => b.figures[metric][n])];
  const loops = a.patches.flatMap((budget, loop) => {
    const other = b.patches.indexOf(budget);
    return other < 0 ? [] : [{
      budget, contrast: paired(seeds.map(([n]) => a.dice[n][loop]), seeds.map(([, n]) => b.dice[n][other])),
    }];
  });
  return { block, first: total(x) / x.length, second: total(y) / y.length, contrast: paired(x, y), loops };
};
const inClasses = (pairs) => {
  const found = new Map();
  for (const { block, a, b } of pairs) {
    const seeds = commonSeeds(a, b);
    block.classes.forEach((name, place) => {
      const known = seeds.map(([n, m]) => [a.final_class_dice[n][place], b.final_class_dice[m][place]])
        .filter(([x, y]) => x != null && y != null);
      if (!known.length) return;
      const key = JSON.stringify([block.dataset, name]);
      const contrast = paired(known.map(([x]) => x), known.map(([, y]) => y));
      found.set(key, [...(found.get(key) ?? []), contrast]);
    });
  }
  return [...found].map(([key, contrasts]) => {
    const [dataset, name] = JSON.parse(key);
    return { dataset, name, contrast: over(contrasts) };
  }).sort((x, y) => Math.abs(y.contrast.mean) - Math.abs(x.contrast.mean));
};
// First minus second method, in all settings of the main table that have figures of both.
const comparisonOf = (league, first, second, details, wanted) => {
  const there = league.views[0]?.settings ?? [];
  const [one, other] = details.map((settings) => new Map(settings.map((each) => [each.setting, each])));
  const every = league.blocks.filter(({ key }) => there.includes(key) && one.has(key) && other.has(key))
    .map((block) => ({ block, a: one.get(block.key), b: other.get(block.key) }));
  const columns = league.columns.filter((c) => every.some(({ a, b }) => hasBoth(c.name, a, b)));
  const rankedBy = league.views[0]?.ranked_by;
  columns.sort((x, y) => (x.name !== rankedBy) - (y.name !== rankedBy));
  const column = columns.find((c) => c.name === wanted) ?? columns[0];
  if (!column) return { first, second, columns, settings: [] };
  const pairs = every.filter(({ a, b }) => hasBoth(column.name, a, b));
  const settings = pairs.map(({ block, a, b }) => inSetting(column.name, block, a, b));
  const shared = Math.min(...settings.map(({ loops }) => loops.length));
  return {
    first, second, columns, column, settings, pairs,
    total: over(settings.map(({ contrast }) => contrast)),
    loops: Array.from({ length: shared }, (_, n) => over(settings.map(({ loops }) => loops[n].contrast))),
    classes: inClasses(pairs),
    isPaired: pairs.some(({ a }) => a.seeds?.length),
  };
};
// The sign of a difference by which the first method is ahead.
const betterSign = ({ higher_is_better: higher }) => (higher === false ? -1 : 1);
const ahead = ({ settings, column }, side) => {
  const sign = side * betterSign(column);
  const won = settings.filter(({ contrast }) => sign * contrast.mean > 0);
  return [won.length, won.filter(({ contrast }) => contrast.significant).length];
};
const signed = (value, unit, plus = true) => {
  const text = shown(Math.abs(value), unit);
  if (/^[0.]*$/.test(text)) return text;
  return (value < 0 ? "\u2212" : plus ? "+" : "") + text;
};
const sentenceOf = (found) => {
  const { first, second, column, settings, total: sum } = found;
  if (!column) return `${first.name} and ${second.name} have no setting in common.`;
  const towards = sum.mean < 0 ? -1 : 1;
  const sign = towards * betterSign(column);
  const [lead, other] = sign < 0 ? [second.name, first.name] : [first.name, second.name];
  const unit = column.unit === "%" ? " percentage points" : ` ${column.unit}`.trimEnd();
  const gap = `${shown(Math.abs(sum.mean), column.unit)}${unit}`;
  const count = settings.length;
  const scope = count > 1 ? ` on average over ${count} settings` : "";
  if (sum.half == null) {
    const seeds = settings.some(({ contrast }) => contrast.half != null) ? "a single seed in some settings" : "a single seed";
    return `${lead} leads ${other} by ${gap} of ${column.title}${scope}, but ${seeds} gives no interval: the gap may be noise.`;
  }
  const ends = [sum.low, sum.high].map((end) => towards * end).sort((a, b) => a - b);
  const interval = `(95 % interval ${ends.map((end) => signed(end, column.unit, false)).join(" to ")})`;
  const [[wins, sure], [losses, sureLosses]] = [ahead(found, sign), ahead(found, -sign)];
  const places = wins === count ? `${lead} is ahead in all of them, significantly in ${sure}.`
    : `${lead} is ahead in ${wins} of ${count} settings (${sure} significantly), ${other} in ${losses} (${sureLosses} significantly).`;
  let said = `${lead} beats ${other} by ${gap} of ${column.title}${scope} ${interval}.`;
  if (!sum.significant) {
    said = `${first.name} and ${second.name} cannot be told apart by ${column.title}${scope}: ${lead} is ${gap} ahead ${interval}.`;
  } else if (sureLosses) {
    said = `${lead} leads ${other} by ${gap} of ${column.title}${scope} ${interval}, but which one is better depends on the setting.`;
  }
  return count === 1 ? said : `${said} ${places}`;
};
