import { describe, expect, it } from 'vitest';
import { WeirError } from '../../src/base/error.js';
import { errorLine, exitCodeOf, OutputClosed, UsageError } from '../../src/cli/exit.js';
import { bar, Progress, useColor } from '../../src/cli/progress.js';
import { TextTable } from '../../src/cli/text-table.js';

describe('errors', () => {
  it('are one line', () => {
    expect(errorLine(new WeirError('CORRUPTION', 'bad\n  bytes', { file: '/w/f' }))).toBe('weir: CORRUPTION: bad bytes (/w/f)');
    expect(errorLine(new WeirError('CORRUPTION', '/w/f is bad', { file: '/w/f' }))).toBe('weir: CORRUPTION: /w/f is bad');
    expect(errorLine(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))).toBe('weir: UNAVAILABLE: no space left');
    expect(errorLine(new UsageError('what?'))).toBe('weir: INVALID_ARGUMENT: what?');
  });

  it('have an exit code', () => {
    expect(exitCodeOf(new UsageError('x'))).toBe(2);
    expect(exitCodeOf(new WeirError('NOT_FOUND', 'x'))).toBe(1);
    expect(exitCodeOf(new OutputClosed('x'))).toBe(0);
  });
});

describe('tables for people', () => {
  it('align, numbers to the right', () => {
    const table = new TextTable([{ name: 'id', right: true }, { name: 'name' }]);
    expect(
      table.lines([
        ['7', 'a'],
        ['100', 'bc'],
      ]),
    ).toBe(' id  name\n───  ────\n  7  a\n100  bc\n');
    expect(table.lines([['1', 'd']])).toBe('  1  d\n');
  });

  it('let no control character through', () => {
    expect(new TextTable([{ name: 'x' }]).lines([['a\nb\u001b[31m']])).toContain('a⏎b�[31m');
  });
});

class Target {
  text = '';
  constructor(readonly isTTY: boolean) {}
  write(text: string) {
    this.text += text;
  }
}

class ManualClock {
  time_ms = 0;
  now_ms = () => this.time_ms;
  monotonic_ms = () => this.time_ms;
  sleep = () => Promise.resolve();
}

describe('progress', () => {
  it('draws a bar on a terminal', () => {
    const target = new Target(true);
    const clock = new ManualClock();
    const progress = new Progress({ label: 'write', target, clock });
    progress.update(0.1, 'too early');
    expect(target.text).toBe('');
    clock.time_ms = 200;
    progress.update(0.5, '7 rows');
    expect(target.text).toContain(bar(0.5));
    expect(target.text).toContain(' 50 %  7 rows');
    progress.clear();
    expect(target.text.endsWith('\r\x1b[2K')).toBe(true);
  });

  it('writes a line now and then elsewhere, nothing when quiet', () => {
    const target = new Target(false);
    const clock = new ManualClock();
    const progress = new Progress({ label: 'write', target, clock });
    const quiet = new Progress({ label: 'write', target, clock, quiet: true });
    clock.time_ms = 4000;
    progress.update(0.5, 'no');
    clock.time_ms = 6000;
    progress.update(0.5, '7 rows');
    quiet.update(0.5, 'no');
    progress.clear();
    expect(target.text).toBe('write: 50 %  7 rows\n');
  });

  it('colours terminals only, and not against NO_COLOR', () => {
    expect(useColor({ isTTY: true }, {})).toBe(true);
    expect(useColor({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(useColor({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(useColor({}, {})).toBe(false);
  });
});
