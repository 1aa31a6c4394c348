"""The commands that users of NVIDIA's BERT type on Gaudi, in the recipe's folder, as they were published.

`DATA` and `OUT` stand for folders, `PY` for the Python in use. A command is known by its configuration in
trainers/nvidia-bert.toml and by the chip whose sizes it has. Source, with NVIDIA's names for the arguments:
https://github.com/HabanaAI/Model-References/tree/master/PyTorch/nlp/bert
"""

from __future__ import annotations

_LAUNCH = "PY -m torch.distributed.launch --nproc_per_node=8 run_pretraining.py"

PACKING = {
    ("pack-phase1", "gaudi"): """PY pack_pretraining_data_pytorch.py
        --input_dir DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus
        --output-dir DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus_packed
        --max_sequence_length 128 --max_predictions_per_sequence 20""",
    ("pack-phase2", "gaudi"): """PY pack_pretraining_data_pytorch.py
        --input_dir DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus
        --output-dir DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus_packed
        --max_sequence_length 512 --max_predictions_per_sequence 80""",
}
UNPACKED = {
    ("phase1-bf16", "gaudi"): f"""{_LAUNCH} --input_dir=DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus
        --output_dir=OUT/results/checkpoints/ --config_file=bert_config.json --bert_model=bert-large-uncased
        --train_batch_size=8192 --max_seq_length=128 --max_predictions_per_seq=20 --max_steps=7038
        --warmup_proportion=0.2843 --num_steps_per_checkpoint=200 --learning_rate=6e-3 --fp16
        --gradient_accumulation_steps=128 --do_train --json-summary OUT/log/dllogger.json
        --allreduce_post_accumulation --allreduce_post_accumulation_fp16""",
    ("phase2-bf16", "gaudi"): f"""{_LAUNCH} --do_train --bert_model=bert-large-uncased --config_file=./bert_config.json
        --allreduce_post_accumulation --allreduce_post_accumulation_fp16 --json-summary=OUT/log/dllogger.json
        --output_dir=OUT/results/checkpoints/ --input_dir=DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus/
        --train_batch_size=4096 --max_seq_length=512 --max_predictions_per_seq=80 --warmup_proportion=0.128
        --max_steps=1563 --num_steps_per_checkpoint=200 --learning_rate=0.004 --gradient_accumulation_steps=512
        --phase1_end_step=7038 --phase2 --fp16""",
    ("phase1-fp32", "gaudi"): f"""{_LAUNCH} --input_dir=DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus
        --output_dir=OUT/results/checkpoints/ --config_file=bert_config.json --bert_model=bert-large-uncased
        --train_batch_size=8192 --max_seq_length=128 --max_predictions_per_seq=20 --max_steps=7038
        --warmup_proportion=0.2843 --num_steps_per_checkpoint=200 --learning_rate=6e-3
        --gradient_accumulation_steps=256 --do_train --json-summary OUT/log/dllogger.json
        --allreduce_post_accumulation --allreduce_post_accumulation_fp16""",
}
PACKED = {
    ("phase1-bf16-packed", "gaudi"): f"""{_LAUNCH}
        --input_dir=DATA/hdf5_lower_case_1_seq_len_128/books_wiki_en_corpus_packed
        --output_dir=OUT/results/checkpoints/ --config_file=bert_config.json --bert_model=bert-large-uncased
        --train_batch_size=8192 --max_seq_length=128 --max_predictions_per_seq=20 --max_steps=7038
        --warmup_proportion=0.2843 --num_steps_per_checkpoint=200 --learning_rate=6e-3 --fp16
        --gradient_accumulation_steps=128 --do_train --json-summary OUT/log/dllogger.json
        --allreduce_post_accumulation --allreduce_post_accumulation_fp16""",
    ("phase2-bf16-packed", "gaudi"): f"""{_LAUNCH} --do_train --bert_model=bert-large-uncased
        --config_file=./bert_config.json --allreduce_post_accumulation --allreduce_post_accumulation_fp16
        --json-summary=OUT/log/dllogger.json --output_dir=OUT/results/checkpoints/
        --input_dir=DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus_packed --train_batch_size=4096
        --max_seq_length=512 --max_predictions_per_seq=80 --warmup_proportion=0.128 --max_steps=1563
        --num_steps_per_checkpoint=200 --learning_rate=0.004 --gradient_accumulation_steps=512
        --phase1_end_step=7038 --phase2 --fp16""",
    ("phase2-bf16-packed", "gaudi2"): f"""{_LAUNCH} --do_train --bert_model=bert-large-uncased
        --config_file=./bert_config.json --allreduce_post_accumulation --allreduce_post_accumulation_fp16
        --json-summary=OUT/log/dllogger.json --output_dir=OUT/results/checkpoints/
        --input_dir=DATA/hdf5_lower_case_1_seq_len_512/books_wiki_en_corpus_packed --train_batch_size=8192
        --max_seq_length=512 --max_predictions_per_seq=80 --warmup_proportion=0.128 --max_steps=1563
        --num_steps_per_checkpoint=200 --learning_rate=0.004 --gradient_accumulation_steps=512
        --phase1_end_step=7038 --phase2 --fp16""",
}
PUBLISHED = {**PACKING, **UNPACKED, **PACKED}
