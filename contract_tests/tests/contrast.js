// The contrast of words and marks with what lies behind them, by WCAG; evaluated in the page by test_html.py.
(() => {
  const LEAST = {
    "#verdicts .mark": 3, ".sub": 4.5, ".says": 4.5, ".version": 4.5, ".level": 4.5, ".group td": 4.5, ".chip .count": 4.5,
    ".legend": 4.5, ".tool": 4.5,
  };
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    return [...paint.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part / 255 <= 0.03928 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const light = ([red, green, blue]) => 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  const ground = (element) => {
    const found = element ? rgb(getComputedStyle(element).backgroundColor) : rgb("white");
    return found[3] === 255 ? found : ground(element.parentElement);
  };
  const ratio = (element) => {
    const both = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  };
  return Object.entries(LEAST).flatMap(([what, least]) =>
    [...document.querySelectorAll(what)].slice(0, 30).map((one) => ({ what: `${what} ${one.className}`, least, ratio: ratio(one) })));
})();
