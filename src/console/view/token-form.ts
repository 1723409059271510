import { useSignal } from '@preact/signals';
import { type ComponentChildren, h } from 'preact';
import { loadService } from '../state/service.ts';
import { setToken, token } from '../state/token.ts';

/** Asks for a token. It is shown instead of the page while the service needs one. */
export function TokenForm(): ComponentChildren {
  const draft = useSignal('');
  const isRefused = token.value !== undefined;
  return h(
    'form',
    {
      class: 'panel token',
      onSubmit: (event: Event) => {
        event.preventDefault();
        const value = draft.value.trim();
        if (value === '') return;
        setToken(value);
        void loadService();
      },
    },
    h('h1', null, 'This service needs a token'),
    h(
      'p',
      null,
      isRefused
        ? 'The service does not know this token, or it has expired. Enter another one.'
        : 'Enter a token with the scopes of what you want to do: read to look, predict to try, feedback to say right or wrong, manage to change versions.',
    ),
    h(
      'label',
      { class: 'field' },
      h('span', null, 'Token'),
      h('input', {
        type: 'password',
        autocomplete: 'off',
        spellcheck: false,
        required: true,
        value: draft.value,
        onInput: (event: Event) => {
          draft.value = (event.currentTarget as HTMLInputElement).value;
        },
      }),
    ),
    h('button', { type: 'submit', class: 'primary' }, 'Use this token'),
    h('p', { class: 'note' }, 'It is kept for this tab only, and is forgotten when the tab closes.'),
  );
}
