/** Where a sealed text is kept: what was sealed for one place cannot be opened for another place or tenant. */
export const sealContext = {
  secret: (tenantId: string) => `tenant:${tenantId}:secret`,
  headers: (tenantId: string) => `tenant:${tenantId}:headers`,
  record: (deliveryId: string) => `delivery:${deliveryId}:record`,
};
