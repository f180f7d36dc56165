/** What is recorded of a transform that failed. What the evaluation reports may quote the event. */
export const failureText = ({ message, position }: { message: string; position: number | null }): string =>
  `The transform failed${position === null ? '' : ` at position ${position}`}: ${message}`;

/** Leaves out of such a text, or of one that ends with it, what may quote the event. */
export const withoutQuotes = (text: string): string =>
  text.replace(
    /(The transform failed(?: at position \d+)?): .*/s,
    '$1; the rest is hidden, since it may quote the event.',
  );
