using { northbeam } from '../db/schema';

@requires: 'authenticated-user'
@cds.query.limit: { default: 20, max: 1000 }
service ErpService @(path: '/odata/v4/erp') {
  entity Companies as projection on northbeam.Companies;
  entity Periods as projection on northbeam.Periods;
  entity Customers as projection on northbeam.Customers;
  entity Projects as projection on northbeam.Projects;
  entity BillingEvents as projection on northbeam.BillingEvents;
  entity InvoiceLines as projection on northbeam.InvoiceLines;
  entity Invoices as projection on northbeam.Invoices actions {
    action post(postingKey : String, postingDate : Date, expectedTotal : Decimal(15, 2)) returns Invoices;
  };
}

annotate ErpService.Companies with { modifiedAt @odata.etag };
annotate ErpService.Periods with { modifiedAt @odata.etag };
annotate ErpService.Customers with { modifiedAt @odata.etag };
annotate ErpService.Projects with { modifiedAt @odata.etag };
annotate ErpService.BillingEvents with { modifiedAt @odata.etag };
annotate ErpService.InvoiceLines with { modifiedAt @odata.etag };
annotate ErpService.Invoices with { modifiedAt @odata.etag };
