// Elements are made from text nodes and attributes alone; data never passes through markup.
const SVG = "http://www.w3.org/2000/svg";

function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
}

function icon(name, extra = "") {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", `icon ${extra}`);
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

// The mark of a verdict: shape and fill tell it, colour only repeats it.
const mark = (verdict) => el("span", { class: `mark ${verdict || "absent"}` }, verdict ? icon(`v-${verdict}`) : null);
const level = (name) => el("span", { class: `level ${name}`, title: words().level[name] }, name);
const code = (text, attributes = {}) => el("code", attributes, text);
// Names stand between grave accents in the sentences of the catalogue.
const prose = (text) => text.split(/`([^`]+)`/).map((part, place) => (place % 2 ? code(part) : part));
const chinese = (text) => (/[\u3400-\u9fff]/.test(text) ? "zh-CN" : "en");
