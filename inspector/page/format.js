"use strict";

// Numbers and times as people read them, and the making of elements. Text always goes in
// as text: guests choose their names.

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a child that is no node is text. */
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same of a picture. */
function draw(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value != null) {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

/** Changes an element's text where it differs: nothing is laid out in vain. */
function say(element, text) {
  if (element.said !== text) {
    element.said = text;
    element.textContent = text;
  }
}

function attribute(element, name, value) {
  if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}

/** A part of a whole as a style may have it, from 0 to 1. */
function share(element, name, part) {
  const value = Math.max(0, Math.min(1, part || 0)).toFixed(3);
  if (element.style.getPropertyValue(name) !== value) {
    element.style.setProperty(name, value);
  }
}

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

function count(number) {
  return whole.format(number);
}

/** With three digits and a unit, for where there is little room. */
function short(number) {
  for (const [size, unit] of [[1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (number >= size) {
      const scaled = number / (size === 1e4 ? 1e3 : size);
      return (scaled < 100 ? tenths : whole).format(scaled) + unit;
    }
  }
  return (number < 10 && number % 1 ? tenths : whole).format(number);
}

function bytes(number) {
  for (const [power, unit] of [[30, "GiB"], [20, "MiB"], [10, "KiB"]]) {
    const scaled = number / 2 ** power;
    if (scaled >= 1) {
      return `${(scaled < 100 ? tenths : whole).format(scaled)} ${unit}`;
    }
  }
  return `${whole.format(number)} B`;
}

/** Milliseconds as a time with two units at most. */
function time(milliseconds) {
  if (milliseconds < 1) {
    return `${whole.format(milliseconds * 1e3)} µs`;
  }
  if (milliseconds < 1e3) {
    return `${(milliseconds < 100 ? tenths : whole).format(milliseconds)} ms`;
  }
  const seconds = milliseconds / 1e3;
  if (seconds < 60) {
    return `${(seconds < 10 ? seconds.toFixed(2) : seconds.toFixed(1))} s`;
  }
  const minutes = Math.floor(seconds / 60);
  const pad = (number) => String(Math.floor(number)).padStart(2, "0");
  if (minutes < 60) {
    return `${minutes}m ${pad(seconds % 60)}s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours}h ${pad(minutes % 60)}m` : `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

function percent(part) {
  return `${(part < 0.0995 && part > 0 ? tenths : whole).format(part * 100)} %`;
}

/** The word for so many. */
function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}
