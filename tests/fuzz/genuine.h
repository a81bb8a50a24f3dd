#ifndef LK_TESTS_FUZZ_GENUINE_H
#define LK_TESTS_FUZZ_GENUINE_H

/* A set with one key of each algorithm, and what these keys ever signed under it: jws-sign made them, and the private
 * parts were thrown away. tests/fuzz/corpus/jws has the same tokens, and two that an RSA key signed under the other
 * algorithm (signed-as-...). */

static const char genuine_keys[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"5RZFhIu0QxaDfDeI3GjM18LJgkb-G0Xm5vbZNlqNwNY\",\"y\":"
    "\"RCatijfhb6"
    "f2GEvzAGKr8A7t9WYcHIHQ51MuDLX2hnA\",\"kid\":\"key-ES256\",\"alg\":\"ES256\",\"use\":\"sig\"},{\"kty\":\"EC\","
    "\"crv\":\"P"
    "-521\",\"x\":\"AJtJqA4lnZ8WXnCl2lsU_sfrIr1G6b1JUokeOkgmAnBR8_M_5bTCZcDVrApJzbxE3k6npcXElj0ChLMQPA43_ob2\""
    ",\"y\":\"AYV4AvbyI3XX_CGJm19s3Ojko0F3CsNrznYB-8rRX9DSkvzkeMkA25NVswRutWzySh2uD6ZAavC-i6H6QX_rVZlf\",\"kid"
    "\":\"key-ES512\",\"alg\":\"ES512\",\"use\":\"sig\"},{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
    "\"gHHCSBqA0Ec6Vv0d1_bhQDf_G"
    "53cSn1lkhb6LeQ6znE\",\"kid\":\"key-EdDSA\",\"alg\":\"EdDSA\",\"use\":\"sig\"},{\"kty\":\"RSA\",\"n\":\"seu5p-"
    "MjvPvaYTcwC"
    "8czWwL6EQUeFTKHiudW5H9ffoOnm9m60HKLSg_DO85ekLKC2vhpwVurexnv9UDMfff3yobUcv2TFC_pGMx371cAu2X5Yam1hnsoI"
    "yb6jv3jXvTKNfGN3e05iI_edyN5t8LdT9XMS8Vk0faSwPRCfwJdsTJp9tn8SXlRoL0oanZDq3h1uAyYevnJcOwdFLzwcjzO6lJzH"
    "j_8FsXe2rIroq-7p3ZjvKFz2V7BHAuYM43u66dVqBIpMnR6yh5mIfi8vG3v7oU2Il0kofY9weywzITSBUGacCInFSXc9acxW90or"
    "7dJ0EBSChCDmT6thQn9f9evIKc4GRhkS_Bs-6U6DmUsVwVeJrLWTfdz8gbg1qjAdCcyqnT_Ikk8CyTqqiGGYM-kE4RB9uxDZBSiZ"
    "LiHRjWb7vf85zGA-uqyAevW-ufvcX6X5xoj8M0aUEho4YHM3-AeKmx_cljRsV9D00los-YpzuqGGp69AhYgEVqox_bp8glZ\",\"e\""
    ":\"AQAB\",\"kid\":\"key-RS256\",\"alg\":\"RS256\",\"use\":\"sig\"},{\"kty\":\"RSA\",\"n\":\"xEgoYwhFfFa_CV_"
    "ikJpsSfrwnsl0-"
    "mZwsr69pGTLaCrTv2LE_GQR488mE3uBo9DR2461e4WW1bfmMk1lYP22B_VN9dTiPdNi-If7q4f97B1neZqyOCGORkHdXM9VFPJas"
    "DTB7zbTre3wqQdxQAlI7r5i9ksrWQVRWc0j2UDdK5WOPTjslfOANd7S9tr_O_bz4IYEYMFtG6K3jbE9YIxSo05pSHU7a9fWDJJny"
    "l9TZ10vjRygZ159bBf3pkUKnLUuf5iK53P6EEI8qrHUmMgBnwbmwLOGzU1MpjzXYCaTBVhn7BQOdLWsxLIzWKt3zuPPng4-iqdtU"
    "-GsHFIlFnk99lNFWEH7OdPbCCC-90o4RW1btwX96LxI7KW-qQFqxEtZVe8cmiig3lDBeEND3gsTG-DSa3fwCRyJGP4I5-Ta9CClC"
    "vSkjsmKi-R9JCK1lP-R5KHoTjTx-V26CxYGC3emKQJLhh7aB7838U8eW_ia66DZlwDJjuDio9N4SOT5T99d\",\"e\":\"AQAB\",\"kid"
    "\":\"key-PS256\",\"alg\":\"PS256\",\"use\":\"sig\"}]}";

static const char *const genuine_tokens[] = {
    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS1FUzI1NiJ9.eyJzdWIiOiJ1MSIsImV4cCI6MjAwMDAwMDAwMH0.18nM-dODoV5k1kG"
    "Pm7E8q-8B7KnKpUisYbfKT3iM2TbsHxBabYUbLJTuteA3dgUsdcT0zVq-VPLJ3KlZlNLszQ",
    "eyJhbGciOiJFUzUxMiIsImtpZCI6ImtleS1FUzUxMiJ9.eyJzdWIiOiJ1MSIsImV4cCI6MjAwMDAwMDAwMH0.AFLtN0kr4gFkt64"
    "HjTvOA7ATo6IqY_Lgc4xtaAb54AsHEGDNMiqYElBxAeS-_-6tGyUKaijOmgOb9HNF04M-8zngAePqS4a9tW1MJxZ7WFXAMkj8Nle"
    "YRSC8-ICsbDrMRFVS-pJzQnTkSJ7r07JmrY-J4j2ZnRVVzZxooHP_cgGaxJEV",
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImtleS1FZERTQSJ9.eyJzdWIiOiJ1MSIsImV4cCI6MjAwMDAwMDAwMH0.6bso7am5TtdUHal"
    "9EHJh0b4ciewOAKYwq0ADkB3pbWf8QO1arxT5hwiP6q6vyWoEOKCjQBrNZFL3gjH6hCSQAg",
    "eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS1SUzI1NiJ9.eyJzdWIiOiJ1MSIsImV4cCI6MjAwMDAwMDAwMH0.jQ5tYkzEHuJvgmj"
    "CANLXx-_vJvKtoWGiusO-oP7AF3VA-KTMzeQT4MFvqqtVkGyKH1_-t9hPG5YOqVojxZ5dDPbcW0zyF8pgeLW0fRxWN6jqUukDYwg"
    "sEX86d1K_q2SthYvssSsHJ3lI-JorThhGzk3EWR2wLrSVqkEvJd9ppVlg7luU0KV4UnlcHAkfxglRYyIvKbtHgDKYEwHuiIM0tPR"
    "PqpqqljkQGH1iLQbucb3FtUfitujwUf0wru4b5icTkO6Ap5__mzOiNfqZaki6uyNraJ1ShTVEv_Yq9uSncNVraLVg8cqijiFKtQF"
    "3AC-2hVYSIyBkre8lJj04Ap83WKwJEQt9OOBSryFlM7jWEQKKKKoEoNBedtjrmM1YRzvTT1286FRgg97Sg-QhSgcWwAtqRYzAZHl"
    "LGqmpw8XwJTsLXHf4uFJ6uiaczi-r4xiUWm_VLUfjmzruKVwLtbYlaoHXjCuNC4S5aSGaPccSx6wBjzpfrM4A0CzHzy_mgueq",
    "eyJhbGciOiJQUzI1NiIsImtpZCI6ImtleS1QUzI1NiJ9.eyJzdWIiOiJ1MSIsImV4cCI6MjAwMDAwMDAwMH0.vD7c0tuENUUh4BQ"
    "XACX29gMtgBX5SF_eV7dqqj05wWGo4UdoP8G27EvVDTmYdlHizPGbR0dQ0mWzFjHjSRzK79lDaGfT43Zc_k9dPOY8V6KUuYMutyz"
    "RaaDgU3UqIrCktPb7EUweodX3vuHYyNX0SGRIi4k0kuemWhgQKKV_S8CQqxsMtuQ-U16t15REsQ82SJzIn1uibyPlnB5hO65-tsz"
    "CpIYTiYRvzvhid0g2nv1cdWN7cwDLK6ZRxykve6IYmvhGoShodJrnz-mGKBvF6MUvExdssH3wOCjjAJS32C89nmzyB_SlggMFVid"
    "p_6RFUXGu7-ZF1KYJ-JmDwkY3lK2S2LW2ozenX5RBmGtcdOfMqiLYoMnGddZI-iN0dpcIuUMytS05Qud7mKwjXbQCKqVuWqWgcEB"
    "H6ptWkMtNUVBVZkDcsCgElJxuwWs1jLw0WWYzGhUGgC-QG3P5nZZZ5CbnRwCJzef5CZ6UvL91vvnMqrLR_o_IamZqwJEghOFR",
    "eyJhbGciOiJFZERTQSJ9.e30.KJO3xXJ7LqrFjFRsIvrXLO-KBG5pT260A6-oogRrO8E2tfb4R6mbz8_085yzwctORgb0eCgNVKm"
    "fYc2060ApAA",
};

#endif
