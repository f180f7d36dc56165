import { Page } from '../../ui/page.js';

export function Receivers() {
  return <Page title="Receivers">{null}</Page>;
}
