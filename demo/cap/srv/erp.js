// What the ERP decides itself: ids, sums, and whether a document may be posted.
const cds = require('@sap/cds')

const cents = amount => Math.round(Number(amount) * 100)

module.exports = cds.service.impl(function () {
  const { BillingEvents, Invoices, Periods } = this.entities

  this.before('CREATE', Invoices, ({ data }) => {
    data.ID ??= cds.utils.uuid()
    data.state = 'draft'
    for (const line of data.lines ?? []) {
      line.ID ??= cds.utils.uuid()
      line.currency ??= data.currency
    }
    const net = (data.lines ?? []).reduce((sum, line) => sum + cents(line.net), 0) / 100
    Object.assign(data, { type: data.type ?? 'invoice', net, tax: 0, total: net, openAmount: net })
  })

  this.before('UPDATE', BillingEvents, async req => {
    const found = await SELECT.one.from(req.subject)
    const { lockKey, state } = req.data
    if (found?.lockKey && lockKey && found.lockKey !== lockKey) req.reject(409, 'LOCKED_BY_ANOTHER')
    if (found?.state === 'invoiced' && state !== 'invoiced') req.reject(409, 'INVOICED')
  })

  this.before('DELETE', Invoices, async req => {
    const found = await SELECT.one.from(req.subject)
    if (found && found.state !== 'draft') req.reject(409, 'NOT_A_DRAFT')
  })

  this.on('post', Invoices, async req => {
    const found = await SELECT.one.from(req.subject)
    if (!found) return req.reject(404)
    const { postingKey, postingDate, expectedTotal } = req.data
    if (found.state !== 'draft') return req.reject({ status: 409, code: 'NOT_A_DRAFT', message: 'No draft' })
    if (cents(found.total) !== cents(expectedTotal)) {
      return req.reject({ status: 409, code: 'TOTAL_DIFFERS', message: 'Another total', target: 'expectedTotal' })
    }
    const period = await SELECT.one.from(Periods).where({
      company: found.company, type: 'regular', startDate: { '<=': postingDate }, endDate: { '>=': postingDate }
    })
    if (period?.state !== 'open') {
      return req.reject({ status: 422, code: 'PERIOD_CLOSED', message: 'Period closed', target: 'postingDate' })
    }
    const { posted } = await SELECT.one.from(Invoices).columns('count(*) as posted').where({ postingKey: { '!=': null } })
    const documentNumber = `CAP-${String(posted + 1).padStart(5, '0')}`
    await UPDATE(Invoices, found.ID).with({
      state: 'posted', documentNumber, postingKey, postingDate, invoiceDate: postingDate, period: period.ID
    })
    return SELECT.one.from(Invoices, found.ID)
  })
})
