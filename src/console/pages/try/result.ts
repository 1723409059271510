import { type ComponentChildren, h } from 'preact';
import { useMemo } from 'preact/hooks';
import type { PredictAnswer } from '../../state/answers.ts';
import { hrefOf } from '../../state/location.ts';
import { formatShare, words } from '../../view/format.ts';
import { Bar, DataTable, LabelName, labelClass, Panel } from '../../view/parts.ts';
import { MAX_MARKED_CHARACTERS, markText } from './marked-text.ts';

/** The meaning of each anomaly for the reader of a prediction. */
const ANOMALIES: Readonly<Record<string, string>> = {
  low_confidence: 'The model hesitates: it is less sure than for nearly all texts of its training.',
  unknown_words: 'The model does not know most of the words, so it decided by the rest.',
  length: 'The text is much shorter or longer than those of the training.',
  obfuscated: 'The text hides letters behind invisible or look-alike characters.',
};

/** The number of strengths of a mark in the style sheet. */
const STRENGTHS = 4;

/** A prediction: its label, all scores, and what is unusual about the text. */
export function Result({ answer }: { readonly answer: PredictAnswer }): ComponentChildren {
  const { prediction, confidence, scores, anomalies, abstained, model } = answer;
  const sorted = Object.entries(scores).toSorted(([, a], [, b]) => b - a);
  return h(
    Panel,
    {
      title: 'Prediction',
      note: [
        'by ',
        h(
          'a',
          { key: 'model', href: hrefOf('models', { model: model.name }) },
          `${model.name}, version ${model.version}`,
        ),
      ],
    },
    h(
      'p',
      { class: 'outcome', role: 'status' },
      h('span', { class: `outcome-label ${labelClass(prediction)}` }, prediction),
      h('span', { class: 'outcome-share' }, formatShare(confidence)),
    ),
    h(
      'table',
      { class: 'scores' },
      h('caption', { class: 'hidden' }, 'Scores of all labels'),
      h(
        'tbody',
        null,
        sorted.map(([label, score]) =>
          h(
            'tr',
            { key: label },
            h('th', { scope: 'row' }, h(LabelName, { label })),
            h('td', { class: 'wide' }, h(Bar, { share: score, class: labelClass(label) })),
            h('td', { class: 'num' }, score.toFixed(4)),
          ),
        ),
      ),
    ),
    abstained
      ? h(
          'p',
          { class: 'unusual' },
          h('strong', null, 'abstained'),
          ' The model is less sure than its policy demands: a person should decide.',
        )
      : null,
    anomalies.length === 0
      ? h('p', { class: 'note' }, 'Nothing is unusual about this text.')
      : anomalies.map((reason) =>
          h('p', { key: reason, class: 'unusual' }, h('strong', null, words(reason)), ' ', ANOMALIES[reason] ?? ''),
        ),
  );
}

/** The text with the words that decided, and the same words as a list. */
export function Reasons({
  answer,
  text,
}: {
  readonly answer: PredictAnswer;
  readonly text: string;
}): ComponentChildren {
  const explanation = answer.explanation ?? [];
  const parts = useMemo(() => markText(text, explanation), [text, explanation]);
  const strongest = Math.max(1e-9, ...parts.map(({ weight }) => Math.abs(weight)));
  const largest = Math.max(1e-9, ...explanation.map(({ weight }) => Math.abs(weight)));
  const other = Object.entries(answer.scores).toSorted(([, a], [, b]) => b - a)[1]?.[0] ?? 'another label';
  return h(
    Panel,
    {
      title: 'Why',
      note: [
        h('mark', { key: 'for', class: 'for s3' }, `for ${answer.prediction}`),
        ' ',
        h('mark', { key: 'against', class: 'against s3' }, `for ${other}`),
        ' stronger marks weigh more',
      ],
    },
    h(
      'div',
      { class: 'marked', tabIndex: 0, role: 'region', 'aria-label': 'Text with the words that decided' },
      parts.map(({ text: part, weight }, at) => {
        if (weight === 0) return part;
        const strength = Math.max(1, Math.ceil((Math.abs(weight) / strongest) * STRENGTHS));
        return h(
          'mark',
          {
            key: at,
            class: `${weight > 0 ? 'for' : 'against'} s${strength}`,
            title: `${weight > 0 ? '+' : ''}${weight.toFixed(2)}`,
          },
          part,
        );
      }),
      text.length > MAX_MARKED_CHARACTERS
        ? h('p', { class: 'note' }, `Marked up to character ${MAX_MARKED_CHARACTERS}.`)
        : null,
    ),
    h(
      'details',
      { class: 'behind', open: true },
      h('summary', null, 'Table: the words that decided'),
      h(DataTable, {
        caption: 'The words that decided',
        head: ['word or part', `for`, '#weight', 'strength'],
        rows: explanation.map(({ feature, weight }) => [
          h('code', null, feature),
          h(LabelName, { label: weight > 0 ? answer.prediction : other }),
          `${weight > 0 ? '+' : '−'}${Math.abs(weight).toFixed(3)}`,
          h(Bar, { share: Math.abs(weight) / largest, class: weight > 0 ? 'for' : 'against' }),
        ]),
      }),
    ),
  );
}
