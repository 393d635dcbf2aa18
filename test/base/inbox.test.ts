import { expect, it } from 'vitest';
import { Inbox } from '../../src/base/inbox.js';

const nothing = () => undefined;

it('hands items over in order, waiting or buffered', async () => {
  const inbox = new Inbox<number>();
  const first = inbox.take(nothing);
  expect(inbox.put(1)).toBe(true);
  expect(inbox.put(2)).toBe(false);
  let taken = 0;
  expect(await first).toEqual({ done: false, value: 1 });
  expect(await inbox.take(() => taken++)).toEqual({ done: false, value: 2 });
  expect(taken).toBe(1);
});

it('gives an error once, after the items, then the end', async () => {
  const inbox = new Inbox<number>();
  inbox.put(1);
  inbox.end({ error: new Error('bad') });
  await inbox.untilEnd();
  expect(await inbox.take(nothing)).toEqual({ done: false, value: 1 });
  await expect(inbox.take(nothing)).rejects.toThrow('bad');
  expect(await inbox.take(nothing)).toEqual({ done: true, value: undefined });
});

it('tells every waiting consumer of the end', async () => {
  const inbox = new Inbox<number>();
  const waiting = [inbox.take(nothing), inbox.take(nothing)];
  inbox.end();
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
});
