interface NaturalClassifier {
  setOptions(options: { keepStops: boolean }): void;
  addDocument(text: string | string[], label: string): void;
  train(): void;
  classify(text: string): string;
  getClassifications(text: string): { label: string; value: number }[];
}

declare module 'natural/lib/natural/classifiers/bayes_classifier.js' {
  const BayesClassifier: new () => NaturalClassifier;
  export default BayesClassifier;
}

declare module 'natural/lib/natural/classifiers/logistic_regression_classifier.js' {
  const LogisticRegressionClassifier: new () => NaturalClassifier;
  export default LogisticRegressionClassifier;
}
