// What a program's realm begins with. Evaluates to a function that the worker calls, with a name below and
// what that takes; all of them give flat texts of JSON. What is used later is captured here: a program may
// replace every global there is.
(function () {
  'use strict';
  const { parse, stringify } = JSON;
  const { construct, apply, defineProperty } = Reflect;
  const RealDate = Date, RealError = Error, RealPromise = Promise, RealString = String;
  const isArray = Array.isArray, evaluate = eval;
  const slice = Function.prototype.call.bind(RealString.prototype.slice);
  const exec = Function.prototype.call.bind(RegExp.prototype.exec);
  const longestData = 10000, longestMessage = 2000;
  let mostLines = 0;

  // The clock: milliseconds since 1970, as the host says.
  let now = 0, began = null;
  function ClockedDate(...given) {
    if (!new.target) return new RealDate(now).toString();
    const kind = new.target === ClockedDate ? RealDate : new.target;
    return construct(RealDate, given.length ? given : [now], kind);
  }
  for (const name of ['parse', 'UTC']) {
    defineProperty(ClockedDate, name, { value: RealDate[name], writable: true, configurable: true });
  }
  defineProperty(ClockedDate, 'now', { value: () => now, writable: true, configurable: true });
  defineProperty(ClockedDate, 'name', { value: 'Date' });
  defineProperty(ClockedDate, 'length', { value: 7 });
  defineProperty(ClockedDate, 'prototype', { value: RealDate.prototype, writable: false });
  defineProperty(RealDate.prototype, 'constructor', { value: ClockedDate });
  globalThis.Date = ClockedDate;
  globalThis.performance = { now: () => now - (began ?? now), timeOrigin: 0 };

  // The dice: a small generator of 128 bits (sfc32), warmed up.
  let a = 0, b = 0, c = 0, d = 0;
  function random() {
    const t = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  }
  defineProperty(Math, 'random', { value: random, writable: true, configurable: true });

  // What is logged is kept as it is now.
  let lines = [], count = 0;
  function cut(text, longest) {
    return text.length > longest ? slice(text, 0, longest) + '…' : text;
  }
  function asText(value) {
    try {
      return RealString(value);
    } catch {
      return '(something that cannot be shown)';
    }
  }
  function snapshot(data) {
    let text;
    try {
      text = stringify(data instanceof RealError ? describe(data) : data);
    } catch {
      text = undefined;
    }
    if (text === undefined) return data === undefined ? null : cut(asText(data), longestData);
    return text.length > longestData ? cut(text, longestData) : parse(text);
  }
  function log(level, data, message) {
    count += 1;
    if (count > mostLines) return;
    const text = message === undefined ? '' : cut(asText(message), longestMessage);
    lines[lines.length] = [level, snapshot(data), text];
  }
  function taken() {
    const result = lines, missing = count - lines.length;
    lines = [];
    count = 0;
    if (missing && result.length) {
      result[result.length - 1] = ['warn', null, `${missing + 1} more log lines were dropped`];
    }
    return result;
  }
  const logger = {};
  for (const level of ['debug', 'info', 'warn', 'error']) {
    logger[level] = (data, message) => log(level, data, message);
  }
  const console = {};
  const levels = { log: 'info', info: 'info', debug: 'debug', trace: 'debug', warn: 'warn', error: 'error' };
  for (const name of ['log', 'info', 'debug', 'trace', 'warn', 'error']) {
    console[name] = (...values) => log(levels[name], values.length === 1 ? values[0] : values);
  }
  globalThis.console = console;

  function describe(error) {
    try {
      if (!(error instanceof RealError)) {
        return typeof error === 'string' ? error : stringify(error) ?? asText(error);
      }
      const message = asText(error.message);
      return error.name === 'Error' ? message : `${asText(error.name)}: ${message}`;
    } catch {
      return 'Unknown error';
    }
  }
  const hint = "; only handleSteps' own text is kept, so functions and constants that it uses belong inside it";
  function refusal(message) {
    return stringify({ fault: cut(message, longestMessage) });
  }
  // A failure of the program's text: with the line, where the engine knows it.
  function failure(error) {
    let suffix = '';
    try {
      if (error instanceof ReferenceError) suffix = hint;
      const found = exec(/<input>:(\d+)/, error.stack);
      if (found) suffix = ` (line ${found[1]})${suffix}`;
    } catch {}
    return refusal(describe(error) + suffix);
  }

  // What a yield returns. As a text, toolResult is what the host gives as such.
  function resumed({ agentState, toolResult, toolError, toolText, stepsComplete, nResponses }) {
    const result = isArray(toolResult) ? toolResult : [];
    const text = toolText || '[]';
    defineProperty(result, 'toString', { value: () => text });
    defineProperty(result, Symbol.toPrimitive, { value: () => text });
    return {
      agentState,
      toolResult: result,
      toolError: toolError ?? undefined,
      stepsComplete,
      nResponses: nResponses ?? undefined,
    };
  }
  function isPromise(value) {
    return value instanceof RealPromise || (value !== null && typeof value === 'object' && typeof value.then === 'function');
  }

  let generator, next, begun = false;
  const requests = {
    prepare(most, text) {
      mostLines = most;
      [a, b, c, d] = parse(text);
      for (let round = 0; round < 12; round++) random();
      return '{}';
    },
    start(code, text) {
      try {
        const steps = evaluate(`(${code}\n)`);
        if (typeof steps !== 'function') return refusal('handleSteps is not a function');
        const { agentState, prompt, params, model } = parse(text);
        generator = apply(steps, undefined, [{
          agentState,
          prompt: prompt ?? undefined,
          params: params ?? undefined,
          logger,
          model: model ?? undefined,
        }]);
        if (isPromise(generator) || (generator ?? {})[Symbol.asyncIterator] !== undefined) {
          return refusal('handleSteps is async; it has to be a plain generator: function* without async');
        }
        next = (generator ?? {}).next;
        if (typeof next !== 'function') {
          return refusal('handleSteps is not a generator: write function*');
        }
        return '{}';
      } catch (error) {
        return failure(error);
      }
    },
    advance(milliseconds, text) {
      now = milliseconds;
      began ??= now;
      try {
        const given = begun && text ? resumed(parse(text)) : undefined;
        begun = true;
        const { done, value } = apply(next, generator, [given]);
        if (isPromise(value)) {
          return refusal(`handleSteps ${done ? 'returned' : 'yielded'} a promise; nothing waits for it`);
        }
        return stringify({ done: !!done, value: value === undefined ? null : value, logs: taken() });
      } catch (error) {
        return failure(error);
      }
    },
    // The definition that a linked module exports, if it is one; its program becomes a text. The linker has
    // put file and line into what it throws.
    definition(code) {
      try {
        const exported = evaluate(code);
        if (exported === null || typeof exported !== 'object' || !exported.id || !exported.model) return '{}';
        const { handleSteps } = exported;
        const steps = typeof handleSteps === 'function' ? asText(handleSteps) : handleSteps;
        return stringify({ definition: { ...exported, handleSteps: steps }, isFunction: typeof handleSteps === 'function' });
      } catch (error) {
        return refusal(describe(error));
      }
    },
  };
  return (name, ...given) => apply(requests[name], requests, given);
})()
