import { Page } from '../../ui/page.js';

export function Tenants() {
  return <Page title="Tenants">{null}</Page>;
}
