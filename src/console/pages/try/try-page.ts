import { signal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { useRef } from 'preact/hooks';
import type { PredictAnswer } from '../../state/answers.ts';
import { type ApiError, request } from '../../state/api.ts';
import { place, setQuery } from '../../state/location.ts';
import { toApiError } from '../../state/resource.ts';
import { formatCount } from '../../view/format.ts';
import { ModelChoice, modelOrDefault } from '../../view/model-choice.ts';
import { Empty, Panel, Problem } from '../../view/parts.ts';
import { TracePanel } from '../../waterfall/trace-panel.ts';
import { FeedbackForm } from './feedback-form.ts';
import { readTextFile } from './read-file.ts';
import { Reasons, Result } from './result.ts';

/** The number of features in an explanation. */
const FEATURES = 40;

/** The text stays while other pages are open. It is not in the address: texts must not end in the history of a browser. */
const text = signal('');
const result = signal<{ readonly answer: PredictAnswer; readonly text: string } | undefined>(undefined);
const error = signal<ApiError | undefined>(undefined);
const isBusy = signal(false);
const isDropping = signal(false);

async function classify(): Promise<void> {
  if (isBusy.value) return;
  isBusy.value = true;
  error.value = undefined;
  const sent = text.value;
  const model = place.value.query.get('model');
  try {
    const body = { text: sent, ...(model !== null && { model }) };
    const answer = await request<PredictAnswer>(`predict?explain=${FEATURES}`, { method: 'POST', body });
    result.value = { answer, text: sent };
  } catch (fault) {
    error.value = toApiError(fault);
  } finally {
    isBusy.value = false;
  }
}

async function readFile(file: File | undefined): Promise<void> {
  if (!file) return;
  try {
    text.value = await readTextFile(file);
    error.value = undefined;
    await classify();
  } catch (fault) {
    error.value = toApiError(fault);
  }
}

/** The page on which a person tries a text. */
export function TryPage(): ComponentChildren {
  const found = result.value;
  return h(
    'div',
    { class: 'split' },
    h(
      'div',
      { class: 'stack' },
      h(TextForm, null),
      found ? h(Reasons, { answer: found.answer, text: found.text }) : null,
    ),
    h(
      'div',
      { class: 'stack' },
      error.value ? h(Problem, { error: error.value, retry: () => void classify() }) : null,
      found
        ? [
            h(Result, { key: 'result', answer: found.answer }),
            h(
              Panel,
              { key: 'feedback', title: 'Is it right?' },
              h(FeedbackForm, { key: found.answer.id, answer: found.answer, text: found.text }),
            ),
            h(TracePanel, { key: 'trace', id: found.answer.traceId }),
          ]
        : h(
            Empty,
            { title: 'No prediction yet' },
            'Paste a text on this page, or drop a mail (.eml) or a text file (.txt) on it, and classify it.',
          ),
    ),
  );
}

function TextForm(): ComponentChildren {
  const file = useRef<HTMLInputElement>(null);
  const model = place.value.query.get('model');
  return h(
    'form',
    {
      class: `panel try ${isDropping.value ? 'dropping' : ''}`,
      'aria-label': 'Text to classify',
      onSubmit: (event: Event) => {
        event.preventDefault();
        void classify();
      },
      onDragOver: (event: DragEvent) => {
        event.preventDefault();
        isDropping.value = true;
      },
      onDragLeave: () => {
        isDropping.value = false;
      },
      onDrop: (event: DragEvent) => {
        event.preventDefault();
        isDropping.value = false;
        void readFile(event.dataTransfer?.files[0]);
      },
    },
    h(
      'label',
      { class: 'field' },
      h('span', null, 'Text'),
      h('textarea', {
        rows: 9,
        value: text.value,
        spellcheck: false,
        placeholder: 'Paste a text, or drop a .eml or .txt file here',
        onInput: (event: Event) => {
          text.value = (event.currentTarget as HTMLTextAreaElement).value;
        },
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          void classify();
        },
      }),
    ),
    h(
      'div',
      { class: 'toolbar' },
      h(ModelChoice, {
        value: model ?? undefined,
        withVersions: true,
        onChange: (value) => setQuery({ model: value === modelOrDefault(null) ? undefined : value }),
      }),
      h(
        'button',
        { type: 'submit', class: 'primary', disabled: isBusy.value },
        isBusy.value ? 'Classifying …' : 'Classify',
      ),
      h('button', { type: 'button', onClick: () => file.current?.click() }, 'Open a file'),
      h('input', {
        ref: file,
        class: 'hidden',
        type: 'file',
        accept: '.eml,.txt,text/plain,message/rfc822',
        tabIndex: -1,
        'aria-label': 'File with a text or a mail',
        onChange: () => void readFile(file.current?.files?.[0]),
      }),
      h('span', { class: 'note' }, `${formatCount(text.value.length)} characters; Ctrl+Enter classifies`),
    ),
  );
}
