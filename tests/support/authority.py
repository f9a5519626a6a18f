"""Certificates for tests: an authority, one in between, and servers with every fault."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "hook.example.com"
NOW = dt.datetime.now(dt.UTC)


class Signed:
    """A certificate with its key and whoever signed it."""

    def __init__(self, name, parent=None, *, authority=False, host=HOST, days=(-1, 30)):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.parent = parent
        signer = parent or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW + dt.timedelta(days=days[0]))
            .not_valid_after(NOW + dt.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if not authority:
            names = x509.SubjectAlternativeName([x509.DNSName(host)])
            builder = builder.add_extension(names, critical=False)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def write(self, folder, *chain):
        """A file for `load_cert_chain`: the key, this certificate and those sent with it."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file = folder / f"{id(self)}.pem"
        file.write_bytes(key + self.pem() + b"".join(one.pem() for one in chain))
        return str(file)


class World:
    """A public authority with one in between, and a private one."""

    def __init__(self, folder):
        self.folder = folder
        self.root = Signed("Test Root", authority=True)
        self.between = Signed("Test Between", self.root, authority=True)
        self.private = Signed("Private Root", authority=True)
        self.trust = str(folder / "trust.pem")
        (folder / "trust.pem").write_bytes(self.root.pem())

    def server(self, fault=""):
        """The file of a server's key and chain, right but for one fault."""
        make = {
            "": lambda: (Signed("good", self.between), self.between),
            "expired": lambda: (Signed("old", self.between, days=(-90, -2)), self.between),
            "early": lambda: (Signed("new", self.between, days=(2, 90)), self.between),
            "name": lambda: (Signed("x", self.between, host="shop.example.org"), self.between),
            "self_signed": lambda: (Signed("alone"),),
            "chain": lambda: (Signed("good", self.between),),
            "private": lambda: (Signed("good", self.private), self.private),
        }
        own, *chain = make[fault]()
        return own.write(self.folder, *chain)
