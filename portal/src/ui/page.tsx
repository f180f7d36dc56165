import { useEffect, useRef, type ReactNode } from 'react';

interface PageProps {
  title: string;
  /** Beside the title: what it is about at a glance. */
  badge?: ReactNode;
  /** Below the title. */
  lead?: ReactNode;
  /** Links to the pages above. */
  trail?: ReactNode;
  /** Buttons at the right. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its heading, which gets the focus when the page is opened, so that a screen reader says it. */
export function Page({ title, badge, lead, trail, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · IRISX Webhooks`;
  }, [title]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <div className="page">
      <div className="page-head">
        <div>
          {trail && (
            <nav aria-label="Breadcrumb" className="trail">
              {trail}
            </nav>
          )}
          <div className="page-title">
            <h1 ref={heading} tabIndex={-1}>
              {title}
            </h1>
            {badge}
          </div>
          {lead && <p className="lead">{lead}</p>}
        </div>
        {actions && <div className="page-actions">{actions}</div>}
      </div>
      {children}
    </div>
  );
}

/** A part of a page, with a heading. */
export function Card({ title, actions, children }: { title?: ReactNode; actions?: ReactNode; children: ReactNode }) {
  return (
    <section className="card">
      {(title || actions) && (
        <div className="card-head">
          {title && <h2>{title}</h2>}
          {actions && <div className="row">{actions}</div>}
        </div>
      )}
      {children}
    </section>
  );
}
