// Numbers as the page's language writes them, with a real minus sign.

export const language = document.documentElement.lang || "en";
const isSpanish = language.startsWith("es");

const formats = new Map();

// English 18,360; Spanish 18 360 with a thin no-break space, none in four digits.
export function number(value, digits = 0) {
  if (!formats.has(digits))
    formats.set(digits, new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats
    .get(digits)
    .formatToParts(Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value)
    .map((part) => (part.type === "group" && isSpanish ? "\u202f" : part.type === "minusSign" ? "\u2212" : part.value))
    .join("");
}

export const kilometres = (metres) => number(metres / 1000, metres < 100_000 ? 1 : 0);

export function degrees(longitude) {
  const east = ((((longitude + 180) % 360) + 360) % 360) - 180;
  const side = east === 0 || Math.abs(east) === 180 ? "" : east > 0 ? "\u00a0E" : isSpanish ? "\u00a0O" : "\u00a0W";
  return `${number(Math.abs(east))}°${side}`;
}
