import { useState, type ReactNode } from 'react';
import { Card } from '../ui/page.js';
import { Table } from '../ui/table.js';
import { bucketTime, type Unit } from './period.js';
import type { Bucket } from './buckets.js';

interface ChartCardProps {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  buckets: readonly Bucket[];
  unit: Unit;
  columns: readonly string[];
  /** The cells of a bucket, as many as columns; null: nothing happened in it. */
  cells: (bucket: Bucket) => string[] | null;
}

/** A chart, and the same as a table for whoever cannot see it or wants the numbers. */
export function ChartCard({ title, actions, children, buckets, unit, columns, cells }: ChartCardProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Card title={title} actions={actions}>
      {children}
      <details onToggle={(event) => setIsOpen(event.currentTarget.open)}>
        <summary>Show as a table</summary>
        {isOpen && (
          <div className="chart-table">
            <Table
              name={title}
              columns={['Time', ...columns.map((column) => ({ title: column, align: 'right' as const }))]}
            >
              {[...buckets].reverse().flatMap((bucket) => {
                const row = cells(bucket);
                if (row === null) return [];
                return (
                  <tr key={bucket.start}>
                    <th scope="row" className="nowrap">
                      {bucketTime(bucket.start, unit)}
                    </th>
                    {row.map((cell, index) => (
                      <td key={columns[index]} className="right">
                        {cell}
                      </td>
                    ))}
                  </tr>
                );
              })}
            </Table>
          </div>
        )}
      </details>
    </Card>
  );
}
