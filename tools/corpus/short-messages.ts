import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { wordsOf } from './spam-assassin.ts';

/** A short message. */
export interface Message {
  readonly text: string;
  readonly label: 'ham';
}

/** The share of the turns of conversations that are used. More of them would outweigh the mails. */
const CONVERSATION_SHARE = 0.01;
const MIN_CHARACTERS = 8;
const MAX_CHARACTERS = 300;
/** The fewest words of a text of the web shop. Shorter ones are names of buttons and columns. */
const MIN_SHOP_WORDS = 3;

const conversationsSchema = z.record(
  z.string(),
  z.object({ messages: z.array(z.array(z.object({ text: z.string() }))) }),
);

/**
 * Reads the short messages in the folder of the Python packages, in a fixed order and each one once: turns of conversations,
 * and texts of a web shop. All are ham.
 */
export async function readShortMessages(folder: string): Promise<Message[]> {
  const texts = [
    ...readConversations(await readFile(join(folder, 'chitchat_dataset/dataset.json'), 'utf8')),
    ...readShopTexts(await readFile(join(folder, 'oscar/locale/en_US/LC_MESSAGES/django.po'), 'utf8')),
  ];
  const known = new Set<string>();
  return texts.flatMap((text) => {
    const words = wordsOf(text);
    if (words === '' || known.has(words)) return [];
    known.add(words);
    return [{ text, label: 'ham' }];
  });
}

function readConversations(file: string): string[] {
  const conversations = conversationsSchema.parse(JSON.parse(file));
  return Object.values(conversations)
    .flatMap(({ messages }) => messages.map((turn) => turn.map(({ text }) => text.trim()).join(' ')))
    .filter((text) => text.length >= MIN_CHARACTERS && text.length <= MAX_CHARACTERS && isSampled(text));
}

function isSampled(text: string): boolean {
  const digest = createHash('sha256').update(text).digest();
  // Bytes that `isHeldOut` does not use.
  return digest.readUInt32BE(12) / 2 ** 32 < CONVERSATION_SHARE;
}

/** Reads the texts (`msgid`) of a catalogue of gettext. Placeholders become a number, and markup a blank. */
function readShopTexts(file: string): string[] {
  const texts = [...file.matchAll(/^msgid(?:_plural)? ((?:".*"\n?)+)/gm)].map(([, quoted]) =>
    quoted!
      .split('\n')
      .map((line) => (line === '' ? '' : z.string().parse(JSON.parse(line))))
      .join('')
      .replace(/<[^>]*>/g, ' ')
      .replace(/%\(\w+\)[sd]|%[sd]|\{\w*\}/g, '3')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  return texts.filter((text) => text.split(' ').length >= MIN_SHOP_WORDS);
}
