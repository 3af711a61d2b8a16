import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from local_cluster.certificates import Authority, Pair, signing_request, write_pki

NOW = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)


def certificate(pair: Pair) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pair.certificate)


def policy(authority: Authority) -> PolicyBuilder:
    return PolicyBuilder().store(Store([certificate(authority.pair)])).time(NOW)


def test_a_server_is_believed_on_the_loopback_interface_only() -> None:
    authority = Authority.create("ca", NOW)
    server = certificate(authority.server("kube-apiserver", NOW))

    policy(authority).build_server_verifier(x509.DNSName("localhost")).verify(server, [])
    with pytest.raises(VerificationError):
        policy(authority).build_server_verifier(x509.DNSName("example.com")).verify(server, [])


def test_a_user_has_a_name_and_groups() -> None:
    pair = Authority.create("ca", NOW).client("brian", ["judean-front", "splitters"], NOW)

    subject = certificate(pair).subject
    assert [name.value for name in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["brian"]
    groups = subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    assert [group.value for group in groups] == ["judean-front", "splitters"]


def test_the_certificates_of_users_are_no_clients_of_etcd(tmp_path: Path) -> None:
    write_pki(tmp_path, NOW)
    users, etcd = (Authority(Pair.read(tmp_path, name)) for name in ("ca", "etcd-ca"))
    admin, own = (certificate(Pair.read(tmp_path, name)) for name in ("admin", "etcd"))

    policy(etcd).build_client_verifier().verify(own, [])
    with pytest.raises(VerificationError):
        policy(etcd).build_client_verifier().verify(admin, [])
    assert admin.issuer == certificate(users.pair).subject


def test_a_clock_that_is_some_hours_behind_accepts_the_certificates() -> None:
    pair = Authority.create("ca", NOW).client("brian", [], NOW)

    assert certificate(pair).not_valid_before_utc <= NOW - dt.timedelta(hours=20)


def test_all_keys_are_for_the_user_only(tmp_path: Path) -> None:
    write_pki(tmp_path, NOW)

    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_keys_are_not_shown(tmp_path: Path) -> None:
    assert "PRIVATE" not in repr(Authority.create("ca", NOW).pair)


def test_a_request_names_the_user_and_never_holds_the_key() -> None:
    request, key = signing_request("loretta", ["judean-front"])

    loaded = x509.load_pem_x509_csr(request)
    assert loaded.is_signature_valid
    assert loaded.subject.rfc4514_string() == "CN=loretta,O=judean-front"
    assert b"PRIVATE" in key
    assert b"PRIVATE" not in request
