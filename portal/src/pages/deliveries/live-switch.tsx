interface LiveSwitchProps {
  isOn: boolean;
  /** More than the first page is shown: the list stands still. */
  isHeld: boolean;
  onChange: (isOn: boolean) => void;
}

/** Whether new deliveries are shown as they come. */
export function LiveSwitch({ isOn, isHeld, onChange }: LiveSwitchProps) {
  return (
    <div className="live-switch">
      {isHeld && isOn && <span className="quiet">Stands still while older ones are shown</span>}
      <button type="button" role="switch" aria-checked={isOn} className="button plain" onClick={() => onChange(!isOn)}>
        <span className="live-dot" data-on={(isOn && !isHeld) || undefined} aria-hidden="true" />
        Live
        <span className="quiet" aria-hidden="true">
          {isOn ? 'on' : 'off'}
        </span>
      </button>
    </div>
  );
}
