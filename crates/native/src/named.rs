//! Classes of what crosses between Rust and Python: frozen, and made by the names of their fields alone.

/// Such a class, which two of the same content are equal in.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident {}) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[pyo3::pyclass(module = "core._native", frozen, eq, hash, from_py_object)]
        pub struct $name;

        #[pyo3::pymethods]
        impl $name {
            #[new]
            const fn new() -> Self {
                Self
            }

            fn __repr__(&self) -> String {
                format!("{self:?}")
            }
        }
    };
    ($(#[$meta:meta])* $name:ident { $($(#[$about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[pyo3::pyclass(
            module = "core._native", frozen, get_all, eq, hash, from_py_object
        )]
        pub struct $name { $($(#[$about])* pub $field: $type,)* }

        #[pyo3::pymethods]
        impl $name {
            #[allow(clippy::too_many_arguments, reason = "as many as there are, all named")]
            #[new]
            #[pyo3(signature = (*, $($field),*))]
            const fn new($($field: $type),*) -> Self {
                Self { $($field),* }
            }

            fn __repr__(&self) -> String {
                format!("{self:?}")
            }
        }
    };
}
pub(crate) use named;
