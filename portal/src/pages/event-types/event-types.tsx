import { Page } from '../../ui/page.js';

export function EventTypes() {
  return <Page title="EventTypes">{null}</Page>;
}
