import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';
import { describe, expect, test } from 'vitest';
import { findForeignFeatures } from '../../../src/classifier/scoring/natural-vocabulary.ts';

const ENGLISH = `the agreed relational operators were hopping and plastered generically with conflated troubles, sized by
  happy oscillators; conspiracies of probate rated cease controlling rolled adoption, replacement, dependent irritants
  formalize sensitivities electrical hopefulness goodness communism activated angularity homologous effective`;

describe('the features of a model of natural', () => {
  test('from the Porter stemmer are possible', () => {
    const stems = [...new Set(PorterStemmer.tokenizeAndStem(ENGLISH, true))];
    expect(findForeignFeatures(stems, true).impossible).toEqual([]);
  });

  test('in another alphabet, and several words, are impossible', () => {
    expect(findForeignFeatures(['помощ', 'free', 'two words', '漢字'], false)).toEqual({
      impossible: ['помощ', 'two words', '漢字'],
      changed: ['помощ', 'two words', '漢字'],
    });
  });

  test('without a stemmer are changed', () => {
    expect(findForeignFeatures(['running', 'parcels', 'free'], false)).toEqual({
      impossible: [],
      changed: ['running', 'parcels'],
    });
  });
});
