import { Page } from '../../ui/page.js';

export function Recover() {
  return <Page title="Recover">{null}</Page>;
}
