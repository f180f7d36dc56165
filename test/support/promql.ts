import { parser } from '@prometheus-io/lezer-promql';

export interface Selector {
  metric: string;
  /** Labels whose values it compares. */
  labels: string[];
}

/** What an expression in Prometheus' language reads. Throws if it is not valid. */
export function readPromql(expression: string): { selectors: Selector[]; groupedBy: string[] } {
  const text = (node: { from: number; to: number }) => expression.slice(node.from, node.to);
  const selectors: Selector[] = [];
  const groupedBy: string[] = [];
  parser.parse(expression).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`not PromQL at ${node.from}: ${expression}`);
      const parent = node.node.parent?.name;
      if (node.name === 'Identifier' && parent === 'VectorSelector') selectors.push({ metric: text(node), labels: [] });
      if (node.name === 'LabelName')
        (parent === 'GroupingLabels' ? groupedBy : selectors.at(-1)!.labels).push(text(node));
    },
  });
  return { selectors, groupedBy };
}
