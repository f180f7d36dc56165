import { Page } from '../../ui/page.js';

export function Event() {
  return <Page title="Event">{null}</Page>;
}
