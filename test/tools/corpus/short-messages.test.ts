import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readShortMessages } from '../../../tools/corpus/short-messages.ts';

const CATALOGUE = `msgid ""
msgstr ""
"Language: en_US\\n"

msgid "Add"
msgstr ""

msgid "Your order <strong>%(number)s</strong> "
"was shipped"
msgstr ""

msgid "One line in the basket"
msgid_plural "%d lines in the basket"
msgstr[0] ""
`;

test('reads turns of conversations and texts of a shop, each one once', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'waymark-messages-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const turns = Array.from({ length: 2000 }, (_, at) => [{ text: `Did you see` }, { text: ` game ${at}?` }]);
  const files = {
    'chitchat_dataset/dataset.json': JSON.stringify({ one: { messages: turns }, two: { messages: turns } }),
    'oscar/locale/en_US/LC_MESSAGES/django.po': CATALOGUE,
  };
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const messages = await readShortMessages(folder);
  expect(messages.slice(-3)).toEqual([
    { text: 'Your order 3 was shipped', label: 'ham' },
    { text: 'One line in the basket', label: 'ham' },
    { text: '3 lines in the basket', label: 'ham' },
  ]);
  const conversations = messages.slice(0, -3).map(({ text }) => text);
  expect(conversations.length).toBeGreaterThan(0);
  expect(conversations.length).toBeLessThan(200);
  expect(new Set(conversations).size).toBe(conversations.length);
  for (const text of conversations) expect(text).toMatch(/^Did you see game \d+\?$/);
  expect(await readShortMessages(folder)).toEqual(messages);
});
