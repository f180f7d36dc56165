/** The name, beside an iris. */
export function Logo({ suffix }: { suffix?: string }) {
  return (
    <span className="logo">
      <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true">
        <circle cx="16" cy="16" r="15" className="logo-disc" />
        <circle cx="16" cy="16" r="9" fill="none" stroke="#fff" strokeWidth="2.6" />
        <circle cx="16" cy="16" r="3.6" fill="#fff" />
      </svg>
      <span>IRISX Webhooks{suffix && <span className="logo-suffix"> {suffix}</span>}</span>
    </span>
  );
}
