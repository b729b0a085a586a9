<?php
// Closes an order, queries it and is refused, against the address that is a constant in it. With curl or with streams.
const HOST = 'https://api.huifu.com';

function send(string $how, string $url, string $body): string
{
    if ($how === 'curl') {
        $curl = curl_init($url);
        curl_setopt_array($curl, [CURLOPT_POSTFIELDS => $body, CURLOPT_RETURNTRANSFER => true]);
        $reply = curl_exec($curl);
        return $reply === false ? exit(curl_error($curl) . "\n") : $reply;
    }
    $request = ['method' => 'POST', 'header' => 'Content-Type: application/json', 'content' => $body];
    return file_get_contents($url, false, stream_context_create(['http' => $request]));
}

function call(string $how, string $name, string $path, array $more): void
{
    $data = ['req_date' => '20260102', 'req_seq_id' => "php-$how-$name", 'huifu_id' => getenv('HUIFU_ID')] + $more;
    ksort($data);
    $text = json_encode($data, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    openssl_sign($text, $sign, getenv('HUIFU_MERCHANT_PRIVATE_KEY_PEM'), OPENSSL_ALGO_SHA256);
    $envelope = ['sys_id' => getenv('HUIFU_SYS_ID'), 'product_id' => getenv('HUIFU_PRODUCT_ID'), 'sign' => base64_encode($sign)];
    $reply = json_decode(send($how, HOST . $path, json_encode($envelope + ['data' => $data])), true);
    ksort($reply['data']);
    $text = json_encode($reply['data'], JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES);
    $key = getenv('HUIFU_PUBLIC_KEY_PEM');
    if (openssl_verify($text, base64_decode($reply['sign']), $key, OPENSSL_ALGO_SHA256) !== 1) {
        exit("$name: the signature does not verify\n");
    }
    echo "$name {$reply['data']['resp_code']} {$reply['data']['trans_stat']}\n";
}

$open = ['org_req_date' => '20260101', 'org_req_seq_id' => 'order-open'];
$paid = ['org_req_date' => '20260101', 'org_req_seq_id' => 'order-paid'];
call($argv[1], 'close', '/v2/trade/payment/scanpay/close', $open);
call($argv[1], 'query', '/v3/trade/payment/scanpay/query', $open);
call($argv[1], 'refusal', '/v2/trade/payment/scanpay/close', $paid);
