# Closes an order, queries it and is refused, against the address that is a constant in it.
require 'base64'
require 'json'
require 'net/http'
require 'openssl'

HOST = 'https://api.huifu.com'
MERCHANT = OpenSSL::PKey::RSA.new(ENV.fetch('HUIFU_MERCHANT_PRIVATE_KEY_PEM'))
HUIFU = OpenSSL::PKey::RSA.new(ENV.fetch('HUIFU_PUBLIC_KEY_PEM'))

def call(name, path, order)
  data = { req_date: '20260102', req_seq_id: "ruby-#{name}", huifu_id: ENV.fetch('HUIFU_ID'),
           org_req_date: '20260101', org_req_seq_id: order }.sort.to_h
  sign = Base64.strict_encode64(MERCHANT.sign('SHA256', JSON.generate(data)))
  body = { sys_id: ENV.fetch('HUIFU_SYS_ID'), product_id: ENV.fetch('HUIFU_PRODUCT_ID'), data: data, sign: sign }
  reply = JSON.parse(Net::HTTP.post(URI(HOST + path), JSON.generate(body), 'Content-Type' => 'application/json').body)
  text = JSON.generate(reply['data'].sort.to_h)
  abort "#{name}: the signature does not verify" unless HUIFU.verify('SHA256', Base64.decode64(reply['sign']), text)
  puts "#{name} #{reply['data']['resp_code']} #{reply['data']['trans_stat']}"
end

call('close', '/v2/trade/payment/scanpay/close', 'order-open')
call('query', '/v3/trade/payment/scanpay/query', 'order-open')
call('refusal', '/v2/trade/payment/scanpay/close', 'order-paid')
