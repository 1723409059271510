import PorterStemmer from 'natural/lib/natural/stemmers/porter_stemmer.js';

/**
 * Endings of English words. A stem often comes from a word with an ending, and is not its own stem: "agre" is the stem of
 * "agreed", and has the stem "agr".
 */
const ENDINGS = ['e', 's', 'ed', 'd', 'ing', 'es', 'y', 'er', 'ly', 'al', 'ion', 'ation', 'ness', 'ment', 'ity', 'ive'];

/** The features of a model that natural's Porter stemmer does not produce, or changes. */
export interface ForeignFeatures {
  /** The features that no word has as its stem, such as those in another alphabet. */
  readonly impossible: readonly string[];
  /** The features that are not their own stem, the impossible ones included. */
  readonly changed: readonly string[];
}

/**
 * Compares the features of a model with the stems of natural's Porter stemmer. Of its own stems none is impossible, and 3 to
 * 5 % are changed (45,000 stems of mails, 1,600 of banking77). Of the stems of natural's Lancaster stemmer 11 to 18 % are
 * changed, and of words without a stemmer more than 50 %.
 *
 * @param keepStops if true, stop words are features
 */
export function findForeignFeatures(vocabulary: readonly string[], keepStops: boolean): ForeignFeatures {
  const produces = (word: string, feature: string) => {
    const stems = PorterStemmer.tokenizeAndStem(word, keepStops);
    return stems.length === 1 && stems[0] === feature;
  };
  const changed = vocabulary.filter((feature) => !produces(feature, feature));
  const impossible = changed.filter((feature) => !ENDINGS.some((ending) => produces(feature + ending, feature)));
  return { impossible, changed };
}
